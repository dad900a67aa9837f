locals {
  people = [
    { name = "ann", tags = [{ key = "k1" }, { key = "k2" }], nest = { deep = [1, 2] } },
    { name = "bob", tags = [], nest = { deep = [3] } },
  ]
  one    = { name = "solo", nest = { deep = [9] } }
  none   = null
  matrix = [[1, 2], [3, 4]]
}

resource "terraform_data" "full" {
  input = {
    names        = local.people[*].name
    deep         = local.people[*].nest.deep
    deep_index   = local.people[*].nest.deep[0]
    chained      = local.people[*].tags[*].key
    bare         = local.people[*]
    single       = local.one[*].name
    single_deep  = local.one[*].nest.deep[0]
    null_full    = local.none[*]
    null_attr    = local.none[*].name
    string       = "x"[*]
    number       = 5[*]
    set          = toset(["b", "a"])[*]
    matrix       = local.matrix[*][0]
    paren_index  = (local.people[*].name)[0]
    object       = { a = 1 }[*].a
    map          = tomap({ a = 1 })[*]
    length       = length(local.none[*])
  }
}
