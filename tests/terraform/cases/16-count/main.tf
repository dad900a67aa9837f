variable "enabled" {
  default = true
}

locals {
  names = ["x", "y", "z"]
}

resource "terraform_data" "zero" {
  count = 0
  input = "never"
}

resource "terraform_data" "one" {
  count = var.enabled ? 1 : 0
  input = count.index
}

resource "terraform_data" "off" {
  count = var.enabled ? 0 : 1
  input = count.index
}

resource "terraform_data" "many" {
  count = length(local.names)
  input = {
    name   = local.names[count.index]
    label  = format("%s-%02d", local.names[count.index], count.index + 1)
    is_two = count.index == 2
  }
}

resource "terraform_data" "text" {
  count = "2"
  input = "${count.index}"
}

resource "terraform_data" "users" {
  input = {
    first      = terraform_data.many[0].input.name
    names      = terraform_data.many[*].input.name
    legacy     = terraform_data.many.*.input.name
    count_many = length(terraform_data.many)
    count_zero = length(terraform_data.zero)
    zero       = terraform_data.zero[*].input
    maybe      = one(terraform_data.one[*].input)
    none       = one(terraform_data.off[*].input)
    try        = try(terraform_data.off[0].input, "off")
    join       = join(",", terraform_data.many[*].input.name)
    loop       = { for i, r in terraform_data.many : r.input.name => i }
    triggers   = terraform_data.many[1].triggers_replace
  }
}
