variable "text" {}

resource "terraform_data" "leaf" {
  input = "${upper(var.text)} in ${path.module}"
}

output "text" { value = var.text }
