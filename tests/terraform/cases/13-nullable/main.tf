module "given" {
  source = "./child"
  strict = null
  loose  = null
  object = null
}

module "unset" {
  source = "./child"
}

module "set" {
  source = "./child"
  strict = "s"
  loose  = "l"
  object = { a = null }
}

resource "terraform_data" "out" {
  input = [module.given.all, module.unset.all, module.set.all]
}
