variable "items" {
  type    = list(string)
  default = []
}

locals {
  object = { a = 1 }
}

resource "terraform_data" "guards" {
  input = {
    index    = length(var.items) > 0 ? var.items[0] : "none"
    try      = try(local.object.b, "fallback")
    can_no   = can(local.object.b)
    can_yes  = can(local.object.a)
    can_num  = can(tonumber("x"))
    deep     = try(local.object.b.c.d, local.object.z, local.object.a)
    regex    = try(regex("^x", "abc"), null)
    lookup   = try(tomap({ a = 1 })["b"], "no key")
    parse    = try(jsondecode("{"), "bad json")
    convert  = try(tonumber("12"), 0)
    nulls    = try(null, "x")
    chain    = try(tonumber("a"), tonumber("b"), "c")
    function = try(file("${path.module}/nothing-here.txt"), "no file")
  }
}
