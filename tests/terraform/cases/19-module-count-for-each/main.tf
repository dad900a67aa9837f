locals {
  teams = { red = ["ann", "cat"], blue = ["bob"] }
}

module "team" {
  source   = "./team"
  for_each = local.teams
  name     = each.key
  members  = each.value
}

module "shard" {
  source  = "./team"
  count   = 2
  name    = "shard-${count.index}"
  members = [for i in range(count.index + 1) : tostring(i)]
}

module "off" {
  source  = "./team"
  count   = 0
  name    = "off"
  members = []
}

module "none" {
  source   = "./team"
  for_each = {}
  name     = each.key
  members  = each.value
}

resource "terraform_data" "users" {
  input = {
    sizes      = { for k, m in module.team : k => m.size }
    red        = module.team["red"].greetings
    blue       = module.team.blue.size
    shards     = module.shard[*].size
    shard      = module.shard[1].greetings
    off        = module.off[*].size
    maybe      = one(module.off[*].size)
    try        = try(module.off[0].size, -1)
    none       = module.none
    length     = length(module.team)
    keys       = keys(module.team)
    flat       = flatten([for m in module.team : values(m.greetings)])
    whole      = module.shard[0]
  }
}
