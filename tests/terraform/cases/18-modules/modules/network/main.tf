variable "name" {
  type = string
}

variable "cidr" {
  type = string
}

variable "bits" {
  type    = number
  default = 8
}

locals {
  name = upper(var.name)
}

resource "terraform_data" "vpc" {
  input = { name = local.name, cidr = var.cidr }
}

resource "terraform_data" "subnet" {
  count = 2
  input = cidrsubnet(terraform_data.vpc.input.cidr, var.bits, count.index)
}
