module "converted" {
  source = "./child"
  text   = 5
  flag   = "true"
  list   = toset(["b", "a"])
  object = { a = 1, dropped = true }
  any    = [1, "x"]
  set    = ["z", "y", "z"]
}

module "unknowns" {
  source = "./child"
  text   = terraform_data.seed.id
  flag   = true
  list   = ["a", terraform_data.seed.id]
  object = { a = terraform_data.seed.id }
  any    = { known = 1, unknown = terraform_data.seed.output }
  set    = ["a"]
}

resource "terraform_data" "seed" {
  input = "seed"
}

resource "terraform_data" "results" {
  input = {
    converted = module.converted
    unknowns  = module.unknowns
  }
}
