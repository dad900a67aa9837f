variable "enabled" {
  type    = bool
  default = true
}

variable "disabled" {
  type    = bool
  default = false
}

variable "things" {
  type = map(object({
    enabled = optional(bool, true)
    size    = optional(number, 1)
  }))
  default = { a = {}, b = { enabled = false }, c = { size = 3 } }
}

resource "terraform_data" "for_if" {
  for_each = { for k, v in var.things : k => v if v.enabled }
  input    = each.value.size
}

resource "terraform_data" "toset_cond" {
  for_each = toset(var.enabled ? ["on"] : [])
  input    = each.key
}

resource "terraform_data" "map_cond" {
  for_each = var.disabled ? var.things : {}
  input    = each.key
}

resource "terraform_data" "tobool" {
  count = var.enabled && !var.disabled ? 2 : 0
  input = count.index
}

resource "terraform_data" "number_of" {
  count = tonumber("1")
  input = one(terraform_data.toset_cond["on"][*].input)
}

module "maybe" {
  source = "./child"
  count  = var.enabled ? 1 : 0
  value  = "yes"
}

module "never" {
  source = "./child"
  count  = var.disabled ? 1 : 0
  value  = "no"
}

resource "terraform_data" "chosen" {
  input = {
    maybe    = try(module.maybe[0].value, "absent")
    never    = try(module.never[0].value, "absent")
    one      = one(module.never[*].value)
    joined   = join("", module.maybe[*].value)
    concat   = concat(module.maybe[*].value, module.never[*].value)
    element  = element(concat(module.never[*].value, ["default"]), 0)
    coalesce = coalesce(one(module.never[*].value), one(module.maybe[*].value))
    for_if   = [for k, r in terraform_data.for_if : "${k}${r.input}"]
  }
}
