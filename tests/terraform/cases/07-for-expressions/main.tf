locals {
  list   = ["b", "a", "c"]
  map    = { y = 2, x = 1 }
  set    = toset(["q", "p"])
  object = { name = "n", size = 3 }
  people = [
    { name = "ann", team = "red", age = 30 },
    { name = "bob", team = "blue", age = 20 },
    { name = "cat", team = "red", age = 10 },
  ]
}

resource "terraform_data" "lists" {
  input = {
    values      = [for v in local.list : upper(v)]
    index       = [for i, v in local.list : "${i}${v}"]
    map_values  = [for v in local.map : v]
    map_both    = [for k, v in local.map : "${k}${v}"]
    set_values  = [for v in local.set : v]
    set_both    = [for k, v in local.set : "${k}${v}"]
    object_both = [for k, v in local.object : { (k) = v }]
    filtered    = [for p in local.people : p.name if p.age > 15]
    nested      = [for a in ["x", "y"] : [for b in [1, 2] : "${a}${b}"]]
    flat        = flatten([for a in ["x", "y"] : [for b in [1, 2] : "${a}${b}"]])
    empty       = [for v in [] : v]
    shadow      = [for v in local.list : [for v in [1] : v]]
    types       = [for v in [1, "a", true] : v]
    if_index    = [for i, v in local.list : v if i != 1]
    conditional = [for p in local.people : p.age > 15 ? p.name : null]
  }
}

resource "terraform_data" "objects" {
  input = {
    by_name   = { for p in local.people : p.name => p.age }
    by_team   = { for p in local.people : p.team => p.name... }
    swap      = { for k, v in local.map : v => k }
    index     = { for i, v in local.list : i => v }
    filtered  = { for p in local.people : p.name => p if p.team == "red" }
    from_set  = { for v in local.set : v => length(v) }
    nested    = { for t in toset([for p in local.people : p.team]) : t => [for p in local.people : p.name if p.team == t] }
    number    = { for i in range(3) : i => i * i }
    upper     = { for k, v in local.map : upper(k) => v + 1 }
    empty     = { for k, v in {} : k => v }
    interp    = { for p in local.people : "${p.team}-${p.name}" => true }
    group_if  = { for p in local.people : p.team => p.age... if p.age < 25 }
    bool_keys = { for v in [true, false] : v => "x" }
  }
}

resource "terraform_data" "multi_line" {
  input = {
    for p in local.people :
    p.name => {
      team = p.team
      old  = p.age >= 20
    }
    if p.name != "cat"
  }
}
