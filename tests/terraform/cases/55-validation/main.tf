variable "size" {
  type    = number
  default = 5
  validation {
    condition     = var.size > 1 && var.size < 10
    error_message = "Between 1 and 10."
  }
  validation {
    condition     = var.size != 7
    error_message = "Not seven."
  }
}

variable "region" {
  type        = string
  default     = "eu-west-1"
  description = <<-EOT
    A region.
  EOT
  validation {
    condition     = can(regex("^[a-z]{2}-", var.region)) && var.size > 0
    error_message = "Not a region."
  }
}

resource "terraform_data" "valid" {
  input = { size = var.size, region = var.region }
}
