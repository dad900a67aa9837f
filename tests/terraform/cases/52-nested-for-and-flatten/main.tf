variable "vpcs" {
  default = {
    main = { cidr = "10.0.0.0/16", subnets = { a = 1, b = 2 } }
    edge = { cidr = "10.1.0.0/16", subnets = { a = 7 } }
  }
}

locals {
  subnets = flatten([
    for name, vpc in var.vpcs : [
      for key, index in vpc.subnets : {
        id   = "${name}.${key}"
        vpc  = name
        cidr = cidrsubnet(vpc.cidr, 8, index)
      }
    ]
  ])
  by_id  = { for s in local.subnets : s.id => s }
  by_vpc = { for s in local.subnets : s.vpc => s.cidr... }
  rules = {
    for pair in setproduct(keys(var.vpcs), ["http", "ssh"]) :
    "${pair[0]}-${pair[1]}" => { from = pair[0], port = pair[1] == "http" ? 80 : 22 }
  }
}

resource "terraform_data" "subnet" {
  for_each = local.by_id
  input    = each.value
}

resource "terraform_data" "rule" {
  for_each = { for k, r in local.rules : k => r if r.port == 80 }
  input    = merge(each.value, { subnets = [for s in terraform_data.subnet : s.input.cidr if s.input.vpc == each.value.from] })
}

resource "terraform_data" "summary" {
  input = {
    by_vpc = local.by_vpc
    count  = { for k, v in local.by_vpc : k => length(v) }
    sorted = sort([for s in local.subnets : s.cidr])
    lookup = local.by_id["main.b"].cidr
    total  = sum([for v in var.vpcs : length(v.subnets)])
  }
}
