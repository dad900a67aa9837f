variable "secret" {
  type      = string
  default   = "not-a-real-value"
  sensitive = true
}

module "child" {
  source = "./child"
  value  = var.secret
}

resource "terraform_data" "sensitive" {
  input = {
    flag        = issensitive(var.secret)
    flag_not    = issensitive("plain")
    flag_expr   = issensitive("${var.secret}-x")
    flag_part   = issensitive([1, sensitive(2)])
    flag_inner  = issensitive({ a = sensitive(2) }.a)
    flag_child  = issensitive(module.child.hidden)
    flag_length = issensitive(length(sensitive([1, 2])))
    open        = nonsensitive(var.secret)
    open_length = nonsensitive(length(var.secret))
    flag_open   = issensitive(nonsensitive(var.secret))
    keys        = [for k in keys(nonsensitive(sensitive({ a = 1 }))) : k]
    compare     = nonsensitive(var.secret == "other")
    conditional = nonsensitive(var.secret != "" ? "set" : "unset")
    upper       = nonsensitive(upper(sensitive("abc")))
    from_for    = nonsensitive([for v in sensitive(["a", "b"]) : upper(v)])
  }
}
