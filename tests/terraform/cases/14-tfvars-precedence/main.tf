variable "from_default" { default = "default" }
variable "from_tfvars" { default = "default" }
variable "from_json" { default = "default" }
variable "from_auto" { default = "default" }
variable "from_auto_late" { default = "default" }
variable "from_auto_json" { default = "default" }
variable "typed" { type = list(string) }
variable "heredoc" { type = string }
variable "null_given" {
  default = "default"
}
variable "null_strict" {
  default  = "default"
  nullable = false
}
variable "no_default" {
  type = object({ a = optional(number, 1), b = string })
}

resource "terraform_data" "values" {
  input = {
    from_default   = var.from_default
    from_tfvars    = var.from_tfvars
    from_json      = var.from_json
    from_auto      = var.from_auto
    from_auto_late = var.from_auto_late
    from_auto_json = var.from_auto_json
    typed          = var.typed
    heredoc        = var.heredoc
    null_given     = var.null_given
    null_strict    = var.null_strict
    no_default     = var.no_default
  }
}
