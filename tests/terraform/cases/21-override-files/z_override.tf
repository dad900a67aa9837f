resource "terraform_data" "counted" {
  count = 2
  input = "z_override ${count.index}"
}

locals {
  twice = "z_override.tf"
}
