variable "text" {}
resource "terraform_data" "x" {
  input = var.text
}
output "path" { value = "${path.module} ${var.text}" }
