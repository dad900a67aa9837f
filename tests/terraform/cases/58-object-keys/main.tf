variable "key" {
  default = "dynamic"
}

locals {
  for_each = "not special here"
  count    = 3
}

resource "terraform_data" "keys" {
  input = {
    bare            = 1
    "quoted"        = 2
    "with-${var.key}" = 3
    (var.key)       = 4
    "${var.key}2"   = 5
    with-dash       = 6
    _under          = 7
    (1 + 1)         = 8
    ünï             = 9
    null_key        = { null = 1, true = 2, for_ = 3, if = 4, in = 5, endif = 6 }
    colon : 10
    "a.b"           = 11
    ""              = 12
    var             = 13
    local           = local.count
    each            = local.for_each
    dup             = { a = 1, a = 2 }
    trailing        = { a = 1, b = 2, }
    one_line        = { a = 1, b = { c = 2 } }
    function        = { (join("", ["x", "y"])) = 1 }
    escaped         = { "a\tb" = 1, "$${x}" = 2 }
  }
}
