resource "terraform_data" "u" {
  input = "u"
}

locals {
  id     = terraform_data.u.id
  prefix = "pre-${local.id}"
}

resource "terraform_data" "refined" {
  input = {
    not_null         = local.id != null
    is_null          = local.id == null
    template_null    = local.prefix == null
    starts           = startswith(local.prefix, "pre-")
    starts_not       = startswith(local.prefix, "other")
    starts_part      = startswith(local.prefix, "pre-longer")
    ends             = endswith("${local.id}-post", "-post")
    compare_prefix   = local.prefix == "other"
    compare_possible = local.prefix == "pre-x"
    compare_number   = local.id == 5
    length_positive  = length([local.id]) > 0
    conditional      = local.id != null ? "has" : "has not"
    coalesce         = coalesce(local.id, "x") == null
    id_empty         = local.id == ""
    template_empty   = local.prefix == ""
    strcontains      = strcontains(local.prefix, "pre")
  }
}

resource "terraform_data" "gated" {
  count = local.id != null ? 1 : 0
  input = "created"
}

resource "terraform_data" "keyed" {
  for_each = { a = local.id, b = "known" }
  input    = each.value
}

resource "terraform_data" "counted_by_length" {
  count = length([local.id, local.id])
  input = [local.id][0]
}
