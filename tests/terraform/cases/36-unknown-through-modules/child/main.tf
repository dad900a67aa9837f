variable "id" { type = string }
variable "region" { type = string }
variable "options" {
  type = object({
    id   = optional(string)
    size = optional(number, 1)
  })
}

resource "terraform_data" "made" {
  for_each = toset(["x", "y"])
  input    = "${var.region}-${each.key}-${var.id}"
}

resource "terraform_data" "sized" {
  count = var.options.size
  input = var.options
}

output "name" { value = "${var.region}/${var.id}" }
output "region" { value = var.region }
output "size" { value = var.options.size }
output "made" { value = terraform_data.made["x"].id }
output "list" { value = [for m in terraform_data.made : m.output] }
