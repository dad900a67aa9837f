resource "terraform_data" "u" {
  input = "u"
}

locals {
  id     = terraform_data.u.id
  list   = ["a", local.id]
  object = { a = 1, b = local.id }
  typed  = tomap({ a = "x", b = local.id })
}

resource "terraform_data" "collections" {
  input = {
    length_list    = length(local.list)
    length_object  = length(local.object)
    length_map     = length(local.typed)
    length_tolist  = length(tolist(local.list))
    length_toset   = length(toset(local.list))
    length_one_set = length(toset([local.id]))
    keys           = keys(local.object)
    keys_map       = keys(local.typed)
    values         = values(local.object)
    lookup_known   = lookup(local.object, "a", 0)
    lookup_unknown = lookup(local.object, "b", 0)
    lookup_missing = lookup(local.object, "c", "d")
    lookup_key     = lookup({ a = 1 }, local.id, 0)
    index_known    = local.list[0]
    index_unknown  = local.list[1]
    index_by       = { a = 1 }[local.id == "x" ? "a" : "a"]
    merge          = merge(local.object, { c = 2 })
    merge_over     = merge(local.object, { b = "known" })
    merge_map      = merge(local.typed, { c = local.id })
    contains_yes   = contains(local.list, "a")
    contains_no    = contains(local.list, "z")
    coalesce_first = coalesce("x", local.id)
    coalesce_later = coalesce(local.id, "x")
    toset          = toset(local.list)
    tolist         = tolist(local.list)
    tomap          = tomap(local.object)
    concat         = concat(local.list, ["c"])
    concat_list    = concat(tolist(local.list), ["c"])
    flatten        = flatten([local.list, [["d"]]])
    distinct       = distinct(local.list)
    reverse        = reverse(local.list)
    slice          = slice(local.list, 0, 1)
    slice_unknown  = slice(local.list, 1, 2)
    element        = element(local.list, 0)
    zipmap         = zipmap(["x", "y"], local.list)
    zipmap_key     = zipmap(local.list, [1, 2])
    sort           = sort(local.list)
    compact        = compact(local.list)
    chunk          = chunklist(local.list, 1)
    setproduct     = setproduct(["p", "q"], local.list)
    setunion       = setunion(["p"], [local.id])
    join           = join(",", local.list)
    jsonencode     = jsonencode(local.object)
    one            = one([local.id])
    sum            = sum([1, length(local.id)])
    max            = max(1, length(local.id))
    alltrue        = alltrue([true, local.id == "x"])
    alltrue_false  = alltrue([false, local.id == "x"])
    anytrue        = anytrue([true, local.id == "x"])
    range          = range(2)
    transpose      = transpose({ a = ["x", local.id] })
    equal_lists    = ["a", local.id] == ["b", local.id]
    equal_lists2   = ["a", local.id] == ["a", local.id]
    equal_lengths  = local.list == ["a"]
    matchkeys      = matchkeys(["x", "y"], ["a", "b"], ["a"])
    index          = index(local.list, "a")
  }
}
