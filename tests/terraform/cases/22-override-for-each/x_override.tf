resource "terraform_data" "keyed" {
  for_each = toset(["k"])
  input    = each.key
}

resource "terraform_data" "both" {
  input = { a = 10 }
}

module "child" {
  source = "./two"
}
