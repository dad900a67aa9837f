output "all" {
  value = { name = var.name, size = var.size, overridden = true }
}
