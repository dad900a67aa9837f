variable "objects" {
  type    = set(object({ name = string, n = number }))
  default = [{ name = "z", n = 1 }, { name = "a", n = 2 }, { name = "m", n = 3 }]
}

resource "terraform_data" "primitive" {
  input = {
    strings = toset(["b", "a", "C", "10", "9", "é", "_", ""])
    numbers = toset([10, 9, -1, 2.5])
    bools   = toset([true, false])
    list    = tolist(toset(["z", "y"]))
    joined  = join(",", toset(["z", "y"]))
    for     = [for v in toset(["z", "y"]) : v]
    unicode = toset(["🤔", "é", "z", "Z"])
  }
}

resource "terraform_data" "compound" {
  input = {
    names   = sort([for o in var.objects : o.name])
    by_name = { for o in var.objects : o.name => o.n }
    length  = length(var.objects)
    has     = contains(var.objects, { name = "a", n = 2 })
    tuples  = length(toset([["a", 1], ["a", 1], ["b", 1]]))
  }
}
