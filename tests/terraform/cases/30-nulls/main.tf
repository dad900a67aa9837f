variable "nothing" {
  default = null
}

variable "typed_nothing" {
  type    = list(string)
  default = null
}

locals {
  object = { a = null, b = 1 }
}

resource "terraform_data" "nulls" {
  input = {
    variable   = var.nothing
    typed      = var.typed_nothing
    attr       = local.object.a
    list       = [null, 1, null]
    compact    = compact(["a", null, "", "b"])
    coalesce   = coalesce(null, "", "x")
    coalesce_n = coalesce(null, 0, 5)
    list_pick  = coalescelist([], ["x"])
    is_null    = var.nothing == null
    not_null   = local.object.b != null
    merge      = merge(null, { a = 1 }, null)
    merge_null = merge({ a = 1 }, { a = null })
    lookup     = lookup(local.object, "a", "default")
    splat      = var.nothing[*]
    ternary    = var.nothing == null ? "was null" : var.nothing
    json       = jsonencode({ a = null })
    for        = [for v in [null, 1] : v if v != null]
    try        = try(var.nothing.x, "unreachable")
    tostring   = tostring(null)
    concat     = concat([null], ["a"])
    equal_obj  = { a = null } == local.object
    distinct   = distinct([null, null, 1])
    toset      = toset([null, "a"])
    values     = values({ a = null, b = 1 })
    one_null   = one([null])
  }
}
