variable "team" {}
variable "name" {}

resource "terraform_data" "member" {
  for_each = { (var.name) = var.team }
  input    = "${each.key} of ${each.value}"
}

output "greeting" {
  value = "hello ${terraform_data.member[var.name].input}"
}
