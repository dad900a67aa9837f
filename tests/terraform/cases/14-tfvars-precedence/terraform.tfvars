from_tfvars = "terraform.tfvars"
from_json   = "terraform.tfvars"
from_auto   = "terraform.tfvars"
typed       = [1, 2, "three"] # converted
heredoc     = <<-EOT
  line
    more
EOT
null_given  = null
null_strict = null
no_default = {
  b = "given"
}
