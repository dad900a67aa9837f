variable "size" {
  type    = number
  default = 1
}

variable "kept" {
  default = "kept"
}

locals {
  replaced = "base"
  stays    = "base"
}

module "child" {
  source = "./child"
  name   = "base"
  size   = 1
}

resource "terraform_data" "merged" {
  input            = "base"
  triggers_replace = ["base"]
  lifecycle {
    create_before_destroy = true
  }
}

resource "terraform_data" "counted" {
  input = "base"
}

resource "terraform_data" "seen" {
  input = {
    size     = var.size
    kept     = var.kept
    replaced = local.replaced
    stays    = local.stays
    child    = module.child.all
    overrideable = local.twice
  }
}

locals {
  twice = "base"
}
