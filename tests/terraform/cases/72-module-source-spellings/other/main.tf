module "up" {
  source = "../child"
  text   = "up"
}
output "path" { value = module.up.path }
