variable "objects" {
  type    = set(object({ name = string, n = number }))
  default = [{ name = "z", n = 1 }, { name = "a", n = 2 }, { name = "m", n = 3 }, { name = "q", n = 4 }]
}

resource "terraform_data" "order" {
  input = {
    objects = var.objects
    lists   = toset([["b"], ["a"], ["c", "d"]])
    for     = [for o in var.objects : o.name]
  }
}
