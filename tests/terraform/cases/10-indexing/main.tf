locals {
  list  = ["a", "b", "c"]
  map   = { key = "v", "odd key" = "o", nested = { x = [10, 20] } }
  typed = tomap({ a = 1, b = 2 })
  i     = 1
  k     = "key"
}

resource "terraform_data" "index" {
  input = {
    list        = local.list[0]
    computed    = local.list[local.i + 1]
    string_num  = local.list["1"]
    map         = local.map["key"]
    map_var     = local.map[local.k]
    odd         = local.map["odd key"]
    attr        = local.map.key
    deep        = local.map.nested.x[1]
    deep2       = local.map["nested"]["x"][0]
    typed_attr  = local.typed.a
    typed_index = local.typed["b"]
    literal     = ["x", "y"][1]
    object      = { a = { b = "c" } }.a.b
    call        = split(",", "p,q,r")[2]
    paren       = (local.list)[1]
    length      = length(local.list[0])
    last        = local.list[length(local.list) - 1]
    template    = local.map["${local.k}"]
    number_key  = { 1 = "one" }[1]
    number_key2 = { "1" = "one" }["1"]
    element     = element(local.list, 4)
  }
}
