resource "terraform_data" "keyed" {
  for_each = { base = 1 }
  input = "base"
}

resource "terraform_data" "both" {
  input = {
    a = 1
    b = 2
  }
}

module "child" {
  source = "./one"
  name   = "x"
}

resource "terraform_data" "seen" {
  input = { who = module.child.who, keys = keys(terraform_data.keyed) }
}
