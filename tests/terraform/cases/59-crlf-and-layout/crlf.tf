resource "terraform_data" "crlf" {
  input = {
    a = "x" # c
    here = <<EOT
one
  two
EOT
    flush = <<-EOT
      one
        two
    EOT
    last = [
      1,
      2
    ]
  }
}