variable "label" {}
variable "value" {}

module "c" {
  source = "../../shared"
  count  = var.value
  text   = "${var.label}#${count.index}"
}

output "leaf" { value = [for m in module.c : m.text] }
