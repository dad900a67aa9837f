variable "name" {
  default = "variable"
}

locals {
  name = "local"
  each = "local each"
  path = "local path"
}

module "name" {
  source = "./child"
  name   = "module"
}

resource "terraform_data" "name" {
  for_each = { k = "v" }
  input = {
    variable = var.name
    local    = local.name
    module   = module.name.name
    shadow   = [for each in ["shadowed"] : each]
    key      = [for k in ["x"] : "${k}-${each.key}"]
    var      = [for var in [{ name = "loop" }] : var.name]
    local_s  = [for local in [{ name = "loop" }] : local.name]
    outer    = [for a in [1, 2] : [for b in [a, a * 10] : a + b]]
    same     = { for name, v in { x = 1 } : name => "${name}${v}" }
    each_l   = local.each
    path     = local.path
  }
}
