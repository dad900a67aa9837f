locals {
  vpc = "10.20.0.0/16"
}

resource "terraform_data" "network" {
  input = {
    subnet       = cidrsubnet(local.vpc, 8, 3)
    subnet_zero  = cidrsubnet(local.vpc, 0, 0)
    subnet6      = cidrsubnet("2001:db8::/32", 16, 10)
    subnets      = cidrsubnets(local.vpc, 4, 4, 8, 12)
    host         = cidrhost(local.vpc, 5)
    host_neg     = cidrhost(local.vpc, -2)
    host6        = cidrhost("fd00:fd12:3456:7890::/56", 34)
    netmask      = cidrnetmask("172.16.0.0/12")
    unclean      = cidrsubnet("10.20.30.40/16", 8, 1)
    loop         = [for i in range(3) : cidrsubnet(local.vpc, 8, i)]
    named        = zipmap(["a", "b"], cidrsubnets(local.vpc, 1, 1))
    bad          = can(cidrhost("10.0.0.0", 1))
    too_many     = can(cidrsubnet("10.0.0.0/30", 4, 1))
    out_of_range = can(cidrsubnet("10.0.0.0/24", 2, 4))
    netmask6     = can(cidrnetmask("2001:db8::/32"))
  }
}
