terraform {
  required_version = "~> 1.5"
  required_providers {
    terraform = {
      source = "terraform.io/builtin/terraform"
    }
  }
}

provider "terraform" {}

module "child" {
  source = "./child"
  providers = {
    terraform = terraform
  }
}

resource "terraform_data" "with_provider" {
  provider = terraform
  input    = module.child.value
}
