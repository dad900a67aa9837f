module "bucket" {
  source   = "./bucket"
  for_each = { logs = { days = 30 }, data = { days = null } }
  name     = each.key
  config   = each.value
}

module "reader" {
  source   = "./reader"
  for_each = module.bucket
  from     = each.value.arn
  key      = each.key
}

locals {
  arns  = { for k, b in module.bucket : k => b.arn }
  pairs = flatten([for k, b in module.bucket : [for t in b.tags : "${k}:${t}"]])
}

resource "terraform_data" "outputs" {
  input = {
    arns    = local.arns
    pairs   = local.pairs
    values  = values(module.bucket)[*].name
    nulls   = { for k, b in module.bucket : k => b.days }
    objects = { for k, b in module.bucket : k => b.object.nested.name }
    readers = { for k, r in module.reader : k => r.text }
    whole   = module.bucket["logs"]
  }
}

resource "terraform_data" "each_output" {
  for_each = local.arns
  input    = each.value
}
