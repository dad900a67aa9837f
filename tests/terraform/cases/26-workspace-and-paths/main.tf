module "child" {
  source = "./nested/child"
}

resource "terraform_data" "root" {
  input = {
    workspace   = terraform.workspace
    conditional = terraform.workspace == "default" ? "dev" : terraform.workspace
    module      = path.module
    root        = path.root
    joined      = "${path.module}/x.txt"
    cwd_is_root = abspath(path.root) == path.cwd
    cwd_name    = basename(path.cwd)
    exists      = fileexists("${path.module}/main.tf")
    child       = module.child.paths
  }
}
