variable "size" {
  default = 3
}

resource "terraform_data" "first" {
  input = "first"
}

resource "terraform_data" "guarded" {
  input            = "guarded"
  triggers_replace = [var.size, terraform_data.first.id]

  depends_on = [terraform_data.first]

  lifecycle {
    create_before_destroy = true
    prevent_destroy       = false
    ignore_changes        = all
    replace_triggered_by  = [terraform_data.first.id]
    precondition {
      condition     = var.size > 2
      error_message = "Too small."
    }
    postcondition {
      condition     = self.input == "guarded"
      error_message = "Not guarded: ${self.input}."
    }
  }
}

resource "terraform_data" "provisioned" {
  input = { name = "p" }

  connection {
    type = "ssh"
    host = self.input.name
  }

  provisioner "local-exec" {
    command = "echo ${self.id} ${self.input.name}"
    when    = destroy
  }

  provisioner "local-exec" {
    command     = "echo created"
    on_failure  = continue
    environment = { A = var.size }
  }
}

module "after" {
  source     = "./child"
  depends_on = [terraform_data.first]
  size       = var.size
}

resource "terraform_data" "seen" {
  input = { guarded = terraform_data.guarded.input, triggers = terraform_data.guarded.triggers_replace, after = module.after.size }
}
