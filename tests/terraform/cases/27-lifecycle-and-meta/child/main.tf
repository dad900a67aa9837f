variable "size" {}

resource "terraform_data" "in_module" {
  input = var.size
}

output "size" {
  value = terraform_data.in_module.input
}
