output "subnets" {
  value = terraform_data.subnet[*].input
}

output "name" {
  value       = local.name
  description = "The name."
}

output "id" {
  value = terraform_data.vpc.id
}
