variable "token" {
  type      = string
  ephemeral = true
  default   = "short-lived"
}

locals {
  derived = "${var.token}-x"
}

resource "terraform_data" "uses" {
  input = {
    as_null = ephemeralasnull(var.token)
    derived = ephemeralasnull(local.derived)
    plain   = ephemeralasnull("kept")
    deep    = ephemeralasnull({ a = var.token, b = "kept" })
    list    = ephemeralasnull([var.token, 1])
  }
}
