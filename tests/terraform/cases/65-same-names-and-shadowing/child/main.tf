variable "name" {}
locals {
  name = "child local ${var.name}"
}
resource "terraform_data" "name" {
  input = local.name
}
output "name" { value = terraform_data.name.input }
