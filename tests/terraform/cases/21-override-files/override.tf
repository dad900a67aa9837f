variable "size" {
  default = 2
}

locals {
  replaced = "override.tf"
  twice    = "override.tf"
}

module "child" {
  name = "override.tf"
}

resource "terraform_data" "merged" {
  input = "override.tf"
  lifecycle {
    prevent_destroy = false
  }
}
