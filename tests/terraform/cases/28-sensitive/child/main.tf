variable "value" {}

output "hidden" {
  value     = "hidden ${var.value}"
  sensitive = true
}
