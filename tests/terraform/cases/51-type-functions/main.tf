variable "any" {
  type    = any
  default = { list = ["a", "b"], n = 1 }
}

resource "terraform_data" "shape" {
  input = {
    is_string = can(tostring(var.any.n))
    is_list   = can(tolist(var.any.list))
    is_map    = can(keys(var.any))
    has_attr  = can(var.any.missing)
    first     = try(var.any.list[0], null)
    third     = try(var.any.list[2], "no third")
    nested    = try(var.any.x.y.z, var.any.n, "never")
    dynamic   = try(tonumber(var.any.list[0]), var.any.list)
    encoded   = jsonencode(var.any)
    flat      = try(flatten(var.any.list), [])
    condition = can(regex("^a", var.any.list[0])) ? "matches" : "no"
    merged    = merge(var.any, { n = try(var.any.n + 1, 0) })
    tried     = try([for v in var.any.list : tonumber(v)], ["fallback"])
    tried_if  = try(tobool(var.any.n), false)
  }
}
