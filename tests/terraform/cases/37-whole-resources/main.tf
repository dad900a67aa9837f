resource "terraform_data" "single" {
  input = { a = 1 }
}

resource "terraform_data" "counted" {
  count = 2
  input = { n = count.index, id = terraform_data.single.id }
}

resource "terraform_data" "keyed" {
  for_each         = { x = 1, y = 2 }
  input            = each.value
  triggers_replace = each.key
}

resource "terraform_data" "empty_counted" {
  count = 0
  input = 1
}

resource "terraform_data" "empty_keyed" {
  for_each = {}
  input    = 1
}

resource "terraform_data" "seen" {
  input = {
    single        = terraform_data.single
    counted       = terraform_data.counted
    keyed         = terraform_data.keyed
    one           = terraform_data.counted[1]
    key           = terraform_data.keyed["y"]
    empty_counted = terraform_data.empty_counted
    empty_keyed   = terraform_data.empty_keyed
    ids           = terraform_data.counted[*].id
    inputs        = terraform_data.counted[*].input.n
    by_key        = { for k, v in terraform_data.keyed : v.triggers_replace => v.input }
    lookup        = lookup(terraform_data.keyed, "x", null)
    attr_names    = [for k, v in terraform_data.single : k]
    length        = length(terraform_data.keyed)
    contains      = contains(keys(terraform_data.keyed), "x")
    element       = element(terraform_data.counted, 3).input.n
    merged        = merge(terraform_data.single, { input = "other", id = "fixed", output = "fixed" })
    output        = terraform_data.counted[*].output
  }
}
