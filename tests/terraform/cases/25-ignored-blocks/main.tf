terraform {
  required_version = ">= 1.0"
}

moved {
  from = terraform_data.old
  to   = terraform_data.renamed
}

moved {
  from = module.gone
  to   = module.child
}

removed {
  from = terraform_data.deleted
  lifecycle {
    destroy = false
  }
}

import {
  to = terraform_data.imported
  id = "an-id"
}

check "health" {
  assert {
    condition     = terraform_data.renamed.input == "renamed"
    error_message = "Not renamed."
  }
}

module "child" {
  source = "./child"
}

resource "terraform_data" "renamed" {
  input = "renamed"
}

resource "terraform_data" "imported" {
  input = "imported"
}

output "with_precondition" {
  value = "x"
  precondition {
    condition     = terraform_data.renamed.input != ""
    error_message = "never"
  }
  depends_on = [terraform_data.renamed]
}
