variable "name" {}
output "who" { value = "two ${var.name}" }
resource "terraform_data" "only_in_two" {
  input = var.name
}
