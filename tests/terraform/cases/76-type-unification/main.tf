variable "mixed" {
  type    = map(any)
  default = { a = { x = 1 }, b = { x = "two" } }
}

resource "terraform_data" "unified" {
  input = {
    mixed         = var.mixed
    list_cond     = [for i in [0, 1] : i == 0 ? "a" : i]
    tolist_obj    = tolist([{ a = 1 }, { a = "x" }])
    tolist_null   = tolist([1, null, 3])
    tolist_tuple  = tolist([[1, 2], ["a", "b"]])
    tolist_len    = tolist([[1], [1, 2]])
    tomap_mixed   = tomap({ a = [1], b = ["x", "y"] })
    toset_mixed   = toset([1, "1", true])
    concat_types  = concat(tolist([1]), tolist(["a"]))
    concat_mixed  = concat([1], ["a"], tolist([true]))
    coalesce_mix  = coalesce(null, 1, "x")
    coalesce_bool = coalesce(true, "x")
    lookup_mix    = lookup(tomap({ a = "1" }), "b", 5)
    lookup_obj    = lookup({ a = 1 }, "b", "x")
    max_text      = max("1", 2)
    try_mix       = [try(1, "a"), try(tonumber("x"), "a")]
    cond_any      = true ? { a = null } : { a = "x" }
    cond_numstr   = false ? "a" : 1
    cond_boolnum  = [true ? "1" : 2, false ? true : "no"]
    merge_types   = merge({ a = 1 }, tomap({ b = "2" }))
    merge_maps    = merge(tomap({ a = 1 }), tomap({ b = "x" }))
    setunion_mix  = setunion([1], ["a"])
    contains_mix  = contains(["1"], 1)
    distinct_mix  = distinct(["a", 1, "1"])
    zipmap_list   = zipmap(tolist(["a", "b"]), tolist([1, 2]))
    element_mix   = element([1, "a"], 1)
    flatten_mix   = flatten([[1], ["a"], true])
    reverse_list  = reverse(tolist(["a", "b"]))
    chunk_mix     = chunklist([1, "a"], 1)
    coalescelist  = coalescelist([], [1, "a"])
    format_mix    = formatlist("%s", [1, "a", true])
    equal_mix     = [1 == 1.0, "a" == 1, true == "true", [1] == ["1"]]
    for_list_eq   = [for v in ["a"] : v] == tolist(["a"])
    splat_eq      = ["a"][*] == ["a"]
  }
}
