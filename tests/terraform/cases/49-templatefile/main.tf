resource "terraform_data" "seed" {
  input = 1
}

resource "terraform_data" "templates" {
  input = {
    simple   = templatefile("${path.module}/templates/simple.tftpl", { name = "ann", on = true })
    loop     = templatefile("${path.module}/templates/loop.tftpl", { ports = [80, 443], tags = { a = 1, b = 2 } })
    json     = jsondecode(templatefile("templates/policy.json.tftpl", { actions = ["read", "write"], id = "x" }))
    value    = templatefile("templates/value.tftpl", { list = [1, 2] })
    unknown  = templatefile("templates/simple.tftpl", { name = terraform_data.seed.id, on = false })
    missing  = can(templatefile("templates/simple.tftpl", {}))
    function = templatefile("templates/functions.tftpl", { names = ["b", "a"] })
    object   = templatefile("templates/simple.tftpl", { name = 5, on = "true", extra = "unused" })
    string   = templatestring(local.text, { x = [1, 2] })
  }
}

locals {
  text = "sum: $${x[0] + x[1]}"
}
