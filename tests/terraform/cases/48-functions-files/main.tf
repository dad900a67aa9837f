locals {
  config = jsondecode(file("${path.module}/files/config.json"))
}

resource "terraform_data" "files" {
  input = {
    text       = file("${path.module}/files/a.txt")
    json       = local.config
    yaml       = yamldecode(file("files/b.yaml"))
    exists     = [fileexists("files/a.txt"), fileexists("files/none.txt")]
    base64     = filebase64("${path.module}/files/a.txt")
    set_all    = fileset(path.module, "files/*")
    set_ext    = fileset("${path.module}/files", "*.txt")
    set_deep   = fileset(path.module, "files/**/*.txt")
    set_star2  = fileset("files", "**")
    set_brace  = fileset("files", "{a,b}.*")
    set_quest  = fileset("files", "?.txt")
    set_class  = fileset("files", "[a-b].*")
    set_none   = fileset("files", "*.none")
    set_loop   = { for f in fileset("files", "*.txt") : f => length(file("files/${f}")) }
    dirname    = [dirname("a/b/c.txt"), dirname("c.txt"), dirname("/a/"), dirname("")]
    basename   = [basename("a/b/c.txt"), basename("a/b/"), basename("/"), basename("")]
    abspath    = basename(abspath("files/../files/a.txt"))
    pathexpand = pathexpand("no/tilde")
    missing    = can(file("files/none.txt"))
    directory  = can(file("files"))
    trimmed    = trimspace(file("${path.root}/files/a.txt"))
  }
}

resource "terraform_data" "each_file" {
  for_each = fileset("${path.module}/files", "*.txt")
  input    = "${each.key}: ${trimspace(file("${path.module}/files/${each.value}"))}"
}
