variable "json_text" {}
variable "json_object" {
  type = object({ a = number, b = list(string) })
}
variable "hcl_escape" {}
variable "hcl_list" { type = set(number) }
variable "any_json" { type = any }
variable "json_null" { default = "d" }

resource "terraform_data" "values" {
  input = {
    json_text   = var.json_text
    json_object = var.json_object
    hcl_escape  = var.hcl_escape
    hcl_list    = var.hcl_list
    any_json    = var.any_json
    json_null   = var.json_null
  }
}
