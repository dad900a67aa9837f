variable "on" {
  type    = bool
  default = true
}

variable "name" {
  type    = string
  default = null
}

locals {
  nothing = null
}

resource "terraform_data" "plain" {
  input = {
    yes        = var.on ? "a" : "b"
    no         = !var.on ? "a" : "b"
    nested     = var.on ? var.name == null ? "inner" : "x" : "y"
    chain      = 1 > 2 ? "one" : 2 > 3 ? "two" : "three"
    string     = "true" ? 1 : 2
    null_true  = var.on ? null : "b"
    null_false = var.on ? "a" : null
    both_null  = var.on ? null : null
    default    = var.name != null ? var.name : "unnamed"
  }
}

resource "terraform_data" "unify" {
  input = {
    number_string = var.on ? 1 : "b"
    string_number = var.on ? "b" : 1
    bool_string   = var.on ? true : "b"
    bool_string2  = !var.on ? true : "b"
    lists         = var.on ? tolist(["a"]) : tolist([1])
    tuple_lengths = var.on ? [1] : [1, 2]
    tuple_empty   = var.on ? ["a", "b"] : []
    tuple_empty2  = !var.on ? ["a", "b"] : []
    objects       = var.on ? { a = 1 } : { a = "x" }
    object_keys   = var.on ? { a = 1, b = "x" } : { a = 2, b = "y" }
    object_empty  = var.on ? { a = 1 } : {}
    object_maps   = var.on ? { a = 1 } : tomap({ b = "x" })
    object_diff   = var.on ? { a = "1" } : { b = "2" }
    list_tuple    = var.on ? tolist([1, 2]) : ["x"]
    set_tuple     = var.on ? toset(["b", "a"]) : []
    null_list     = var.on ? ["x"] : null
    nothing       = var.on ? local.nothing : { a = 1 }
  }
}
