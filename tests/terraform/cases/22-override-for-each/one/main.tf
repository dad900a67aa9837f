variable "name" {}
output "who" { value = "one ${var.name}" }
