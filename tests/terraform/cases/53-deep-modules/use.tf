resource "terraform_data" "collected" {
  input = module.a.all
}

module "direct" {
  source = "./shared"
  text   = module.a.all["k1"][1]
}
