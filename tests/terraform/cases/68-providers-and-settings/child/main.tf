terraform {
  required_providers {
    terraform = {
      source = "terraform.io/builtin/terraform"
    }
  }
}

output "value" {
  value       = "from the child"
  description = "A value"
}
