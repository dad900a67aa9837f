locals {
  people = [
    { name = "ann", tags = [{ key = "k1" }, { key = "k2" }], nest = { deep = [1, 2] } },
    { name = "bob", tags = [], nest = { deep = [3] } },
  ]
  one  = { name = "solo" }
  none = null
}

resource "terraform_data" "attribute" {
  input = {
    names       = local.people.*.name
    deep        = local.people.*.nest.deep
    index_after = local.people.*.name[1]
    index_deep  = local.people.*.nest.deep[0]
    single      = local.one.*.name
    null_attr   = local.none.*.name
    legacy      = local.people.0.name
    legacy_deep = local.people.0.nest.deep.1
    chained     = local.people.*.tags
  }
}
