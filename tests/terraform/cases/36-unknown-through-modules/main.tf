resource "terraform_data" "seed" {
  input = { region = "eu" }
}

module "child" {
  source  = "./child"
  id      = terraform_data.seed.id
  region  = terraform_data.seed.input.region
  options = { id = terraform_data.seed.id, size = 3 }
}

module "each" {
  source   = "./child"
  for_each = { a = terraform_data.seed.id, b = "known" }
  id       = each.value
  region   = each.key
  options  = {}
}

resource "terraform_data" "results" {
  input = {
    child   = module.child
    name    = module.child.name
    region  = module.child.region
    each    = { for k, m in module.each : k => m.name }
    regions = [for m in module.each : m.region]
    size    = module.child.size
    hidden  = module.child.made
    list    = module.child.list
    count   = length(module.child.list)
  }
}
