locals {
  twice = "a_override.tf"
}

variable "size" {
  type = string
}
