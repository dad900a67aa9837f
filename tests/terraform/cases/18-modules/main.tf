variable "env" {
  default = "prod"
}

module "network" {
  source = "./modules/network"
  name   = "core-${var.env}"
  cidr   = "10.0.0.0/16"
}

module "app" {
  source  = "./modules/app"
  subnets = module.network.subnets
  network = module.network
}

resource "terraform_data" "root" {
  input = {
    subnets = module.network.subnets
    first   = module.network.subnets[0]
    whole   = module.network
    endpoint = module.app.endpoint
  }
}

output "endpoint" {
  value = module.app.endpoint
}
