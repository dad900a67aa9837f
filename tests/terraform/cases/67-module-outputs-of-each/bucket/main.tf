variable "name" { type = string }
variable "config" {
  type = object({ days = optional(number) })
}

resource "terraform_data" "bucket" {
  input = { name = var.name, days = var.config.days }
}

output "name" { value = terraform_data.bucket.input.name }
output "days" { value = var.config.days }
output "arn" { value = "arn:::${var.name}" }
output "tags" { value = ["t1", var.name] }
output "object" { value = { nested = terraform_data.bucket.input } }
output "id" {
  value     = terraform_data.bucket.id
  sensitive = false
}
