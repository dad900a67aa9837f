variable "subnets" {
  type = list(string)
}

variable "network" {
  type = object({ name = string, id = string })
}

module "db" {
  source = "./db"
  host   = "${var.network.name}.local"
}

resource "terraform_data" "server" {
  for_each = toset(var.subnets)
  input    = { subnet = each.key, db = module.db.url, net = var.network }
}

output "endpoint" {
  value = join("|", [for s in terraform_data.server : s.input.subnet])
}
