output "paths" {
  value = {
    module    = path.module
    root      = path.root
    workspace = terraform.workspace
    file      = trimspace(file("${path.module}/data.txt"))
    from_root = trimspace(file("${path.root}/root.txt"))
    up        = trimspace(file("${path.module}/../../root.txt"))
    plain     = trimspace(file("root.txt"))
  }
}

resource "terraform_data" "child" {
  input = [path.module, basename(abspath(path.module)), dirname(path.module)]
}
