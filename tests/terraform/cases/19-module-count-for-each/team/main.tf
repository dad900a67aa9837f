variable "name" {}

variable "members" {
  type = list(string)
}

module "member" {
  source   = "./member"
  for_each = toset(var.members)
  team     = var.name
  name     = each.value
}

resource "terraform_data" "team" {
  count = length(var.members)
  input = "${var.name}/${var.members[count.index]}"
}

output "size" {
  value = length(var.members)
}

output "greetings" {
  value = { for k, m in module.member : k => m.greeting }
}
