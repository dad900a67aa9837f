module "a" {
  source = "./m"
  depth  = 1
  label  = "root"
}
