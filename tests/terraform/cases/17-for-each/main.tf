locals {
  services = {
    web = { port = 80, tags = { tier = "front" } }
    db  = { port = 5432, tags = {} }
  }
}

resource "terraform_data" "from_map" {
  for_each = local.services
  input = {
    key  = each.key
    port = each.value.port
    tags = merge({ name = each.key }, each.value.tags)
  }
}

resource "terraform_data" "from_set" {
  for_each = toset(["b", "a", "a"])
  input    = "${each.key}=${each.value}"
}

resource "terraform_data" "from_for" {
  for_each = { for k, v in local.services : "svc-${k}" => v if v.port < 1000 }
  input    = each.value
}

resource "terraform_data" "empty" {
  for_each = {}
  input    = each.key
}

resource "terraform_data" "empty_set" {
  for_each = toset([])
  input    = each.key
}

resource "terraform_data" "typed" {
  for_each = tomap({ one = 1, two = 2 })
  input    = each.value
}

resource "terraform_data" "odd" {
  for_each = { "with space" = 1, "dot.ted" = 2, "quo\"te" = 3, "sl/ash" = 4, "ünï" = 5, "new\nline" = 6, "$${x}" = 7, "7" = 8 }
  input    = each.value
}

resource "terraform_data" "conditional" {
  for_each = length(local.services) > 5 ? local.services : {}
  input    = each.key
}

resource "terraform_data" "chained" {
  for_each = terraform_data.from_map
  input    = each.value.input.port
}

resource "terraform_data" "users" {
  input = {
    one    = terraform_data.from_map["web"].input.port
    keys   = keys(terraform_data.from_map)
    values = [for r in values(terraform_data.from_map) : r.input.key]
    map    = { for k, r in terraform_data.from_map : k => r.input.port }
    odd    = terraform_data.odd["dot.ted"].input
    length = length(terraform_data.from_set)
    none   = length(terraform_data.empty)
    splat  = values(terraform_data.from_set)[*].input
  }
}
