locals {
  late  = "${local.early}-late"
  sum   = local.one + local.two
  one   = 1
  list  = [for i in range(local.sum) : local.early]
  never = local.unused_but_valid
}

resource "terraform_data" "locals" {
  input = {
    late = local.late
    sum  = local.sum
    list = local.list
    all  = local.merged
    deep = local.config.inner.value
  }
}

locals {
  early            = "early"
  two              = local.one * 2
  unused_but_valid = "x"
  merged = merge(
    local.base,
    { extra = local.late },
  )
  base   = { a = local.one }
  config = { inner = { value = local.sum } }
}

locals {}
