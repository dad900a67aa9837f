variable "text" { type = string }
variable "flag" { type = bool }
variable "list" { type = list(string) }
variable "object" {
  type = object({ a = string, b = optional(string, "bee") })
}
variable "any" {}
variable "set" { type = set(string) }

resource "terraform_data" "seen" {
  input = {
    text   = var.text
    flag   = var.flag
    list   = var.list
    object = var.object
    any    = var.any
    set    = var.set
  }
}

output "text" { value = var.text }
output "list" { value = var.list }
output "length" { value = length(var.list) }
output "object" { value = var.object }
output "any" { value = var.any }
output "set" { value = var.set }
