locals {
  list = ["a", "b", "c"]
  map  = { x = 1, y = 2 }
}

resource "terraform_data" "collections" {
  input = {
    chunk         = chunklist(["a", "b", "c", "d", "e"], 2)
    chunk_zero    = chunklist(local.list, 0)
    coalesce      = coalesce("", "b")
    coalescelist  = coalescelist([], ["c"], ["d"])
    compact       = compact(["a", "", "b"])
    concat        = concat(["a"], [1], [["n"]])
    contains      = [contains(local.list, "b"), contains(local.list, "z"), contains([1, 2], "1"), contains(toset(["a"]), "a")]
    distinct      = distinct(["a", "b", "a", "c", "b"])
    distinct_mix  = distinct([1, "1", 1])
    element       = [element(local.list, 1), element(local.list, 3)]
    flatten       = flatten([["a", ["b"]], [], [[["c"]]], "d"])
    flatten_set   = flatten([toset(["b", "a"]), ["c"]])
    flatten_map   = flatten([{ a = [1] }, [2]])
    index         = index(local.list, "c")
    keys          = keys({ b = 1, a = 2, "1" = 3, B = 4 })
    values        = values({ b = 1, a = 2, "1" = 3, B = 4 })
    length        = [length([]), length(local.map), length("abc"), length(toset([1, 1]))]
    lookup        = [lookup(local.map, "x"), lookup(local.map, "z", 9)]
    matchkeys     = matchkeys(["i-1", "i-2", "i-3"], ["w", "e", "w"], ["w"])
    merge         = merge({ a = 1, b = 2 }, { b = "x", c = [3] })
    merge_none    = merge()
    merge_spread  = merge([{ a = 1 }, { b = 2 }]...)
    merge_maps    = merge(tomap({ a = "1" }), tomap({ b = "2" }))
    one           = [one([]), one(["x"]), one(toset(["y"]))]
    range_zip     = zipmap(local.list, range(3))
    reverse       = reverse(local.list)
    reverse_mix   = reverse([1, "a"])
    slice         = slice(local.list, 1, 3)
    slice_empty   = slice(local.list, 1, 1)
    sort          = sort(toset(["b", "a"]))
    transpose     = transpose({ a = ["1", "2"], b = ["2", "3"] })
    zipmap        = zipmap(["b", "a"], ["x", 1])
    zipmap_dup    = zipmap(["k", "k"], [1, 2])
    setproduct    = setproduct(["a", "b"], [1, 2])
    setproduct_s  = setproduct(toset(["b", "a"]), toset(["z"]))
    setproduct_3  = setproduct(["a"], ["b", "c"], ["d", "e"])
    setproduct_no = setproduct(["a"], [])
    setunion      = setunion(["b", "a"], ["c", "a"])
    setinter      = setintersection(["a", "b"], ["b", "c"], ["b"])
    setsubtract   = setsubtract(["a", "b", "c"], ["b"])
    setsymmetric  = setsubtract(setunion(["a", "b"], ["b", "c"]), setintersection(["a", "b"], ["b", "c"]))
    alltrue       = [alltrue([]), alltrue([true, "true"]), alltrue([true, false])]
    anytrue       = [anytrue([]), anytrue([false, true]), anytrue([false])]
    sum           = sum([for v in values(local.map) : v])
    mixed_list    = tolist(["a", 1, true])
    spread        = max(values(local.map)...)
    element_set   = [for v in toset(["b", "a"]) : v][0]
  }
}
