resource "terraform_data" "u" {
  input = { subnets = { a = "10.0.0.0/24", b = "10.0.1.0/24" } }
}

resource "terraform_data" "many" {
  for_each = terraform_data.u.input.subnets
  input    = { cidr = each.value, parent = terraform_data.u.id }
}

locals {
  by_key = { for k, r in terraform_data.many : k => { id = r.id, cidr = r.input.cidr } }
}

resource "terraform_data" "derived" {
  for_each = local.by_key
  input = {
    key   = each.key
    id    = each.value.id
    cidr  = each.value.cidr
    label = "${each.key}=${each.value.cidr}"
    name  = "${each.key}=${each.value.id}"
  }
}

resource "terraform_data" "listed" {
  count = length(local.by_key)
  input = {
    id   = values(local.by_key)[count.index].id
    cidr = values(local.by_key)[count.index].cidr
    key  = keys(local.by_key)[count.index]
  }
}

resource "terraform_data" "final" {
  input = {
    ids        = [for k in sort(keys(local.by_key)) : local.by_key[k].id]
    ids_count  = length([for r in terraform_data.derived : r.id])
    cidrs      = [for r in terraform_data.derived : r.input.cidr]
    names      = [for r in terraform_data.derived : r.input.name]
    inputs     = terraform_data.derived["a"].input
    deep       = { x = [{ y = { z = terraform_data.many["a"].id, known = "k" } }] }
    filtered   = [for k, v in local.by_key : v.cidr if k != "a"]
    "odd key"  = terraform_data.u.id
    "dotted.k" = [terraform_data.u.id]
    cond       = length(local.by_key) > 1 ? terraform_data.u.id : "none"
    tuple      = [1, [2, [terraform_data.u.id]]]
    null_or    = terraform_data.u.id == "" ? null : 5
  }
}
