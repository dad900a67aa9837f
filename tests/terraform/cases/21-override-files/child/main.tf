variable "name" {}
variable "size" {}

output "all" {
  value = { name = var.name, size = var.size }
}
