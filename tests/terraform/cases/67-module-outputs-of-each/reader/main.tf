variable "from" {}
variable "key" {}
output "text" { value = "${var.key} <- ${var.from}" }
