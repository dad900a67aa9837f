variable "project" {
  default = "My Project!"
}

variable "environment" {
  default = "Prod"
}

variable "suffix" {
  default = ""
}

variable "tags" {
  type    = map(string)
  default = { Owner = "team-a", cost = "42" }
}

locals {
  clean    = lower(replace(var.project, "/[^a-zA-Z0-9]+/", "-"))
  parts    = compact([trimsuffix(local.clean, "-"), lower(var.environment), var.suffix])
  name     = join("-", local.parts)
  short    = substr(local.name, 0, min(10, length(local.name)))
  tags     = merge({ Name = local.name, Environment = title(lower(var.environment)) }, var.tags)
  tag_list = [for k in sort(keys(local.tags)) : { key = k, value = local.tags[k], propagate = k != "Name" }]
  is_prod  = contains(["prod", "production"], lower(var.environment))
  size     = lookup({ dev = "small", prod = "large" }, lower(var.environment), "small")
  arn      = format("arn:%s:s3:::%s/*", "aws", local.name)
}

resource "terraform_data" "named" {
  count = local.is_prod ? 1 : 0
  input = { name = local.name, short = local.short, tags = local.tags, list = local.tag_list, size = local.size, arn = local.arn }
}
