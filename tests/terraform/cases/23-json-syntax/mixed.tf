resource "terraform_data" "from_hcl" {
  input = { upper = local.upper, child = module.child.all }
}
