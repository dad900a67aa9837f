variable "depth" { type = number }
variable "label" { type = string }

module "b" {
  source   = "./n"
  for_each = { for i in range(2) : "k${i}" => i }
  label    = "${var.label}/${each.key}"
  value    = each.value + var.depth
}

output "all" { value = { for k, m in module.b : k => m.leaf } }
