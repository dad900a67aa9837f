resource "terraform_data" "u" {
  input = { list = ["x", "y"] }
}

locals {
  id      = terraform_data.u.id
  unknown = local.id == "x"
}

resource "terraform_data" "for_expressions" {
  input = {
    known_keys     = { for k in ["a", "b"] : k => local.id }
    known_list     = [for k in ["a", "b"] : "${k}-${local.id}"]
    from_unknown   = [for c in split("", local.id) : c]
    over_output    = [for v in terraform_data.u.output.list : v]
    over_mixed     = [for v in ["a", local.id] : upper(v)]
    unknown_if     = [for v in ["a", "b"] : v if local.unknown]
    partly_if      = [for v in ["a", local.id] : v if v != "a"]
    unknown_key    = { for v in ["a", local.id] : v => 1 }
    known_key_obj  = { for k, v in { a = local.id, b = 2 } : k => v }
    group          = { for i, v in ["a", "b"] : v => local.id... }
    over_set       = [for v in toset(["a", local.id]) : v]
    length_for     = length([for v in ["a", local.id] : v])
  }
}

resource "terraform_data" "conditionals" {
  input = {
    unknown_cond   = local.unknown ? "a" : "b"
    same_results   = local.unknown ? "a" : "a"
    known_cond     = true ? "known" : local.id
    unknown_branch = true ? local.id : "known"
    null_branch    = local.unknown ? "a" : null
    lists          = local.unknown ? ["a"] : ["b"]
    list_length    = length(local.unknown ? ["a"] : ["b"])
    lists_differ   = length(local.unknown ? ["a"] : ["b", "c"])
    maps           = local.unknown ? { a = 1 } : { a = 2 }
    null_compare   = (local.unknown ? "a" : "b") == null
    numbers        = (local.unknown ? 1 : 2) > 0
    numbers_above  = (local.unknown ? 1 : 2) > 5
    prefix         = startswith(local.unknown ? "pre-a" : "pre-b", "pre-")
    nested         = local.unknown ? { a = { b = 1 } } : { a = { b = 1 } }
    try_unknown    = try(local.id, "fallback")
    try_attr       = try(terraform_data.u.output.nope, "fallback")
    can_unknown    = can(local.id)
    can_convert    = can(tonumber(local.id))
    try_convert    = try(tonumber(local.id), 0)
    template_if    = "%{if local.unknown}a%{else}b%{endif}"
    template_for   = "%{for v in ["a", local.id]}${v}%{endfor}"
    template_known = "%{if true}a%{else}${local.id}%{endif}"
  }
}

resource "terraform_data" "splats" {
  input = {
    full_single = terraform_data.u[*].id
    full_known  = terraform_data.u[*].input
    on_id       = local.id[*]
    over_list   = [{ a = local.id }, { a = 1 }][*].a
    attr_splat  = [{ a = local.id }, { a = 1 }].*.a
    output_list = terraform_data.u.output.list[*]
  }
}
