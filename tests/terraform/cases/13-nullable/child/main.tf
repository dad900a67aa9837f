variable "strict" {
  type     = string
  default  = "strict default"
  nullable = false
}

variable "loose" {
  type    = string
  default = "loose default"
}

variable "object" {
  type = object({
    a = optional(string, "inner")
  })
  default  = { a = "outer" }
  nullable = false
}

variable "validated" {
  type        = number
  default     = 3
  description = "A number."
  sensitive   = false
  validation {
    condition     = var.validated > 2
    error_message = "Too small: ${var.validated}."
  }
}

output "all" {
  value = {
    strict    = var.strict
    loose     = var.loose
    object    = var.object
    validated = var.validated
  }
}
