module "plain" {
  source = "./child"
  text   = "plain"
}

module "slash" {
  source = "./child/"
  text   = "slash"
}

module "dotted" {
  source = "./other/../child"
  text   = "dotted"
}

module "via" {
  source = "./other"
}

resource "terraform_data" "all" {
  input = [module.plain.path, module.slash.path, module.dotted.path, module.via.path]
}
