variable "host" {}

resource "terraform_data" "db" {
  input = "db at ${var.host}"
}

output "url" {
  value = "sql://${var.host}"
}
