resource "terraform_data" "places" {
  input = {
    list = [<<EOT
first
EOT
      , <<-EOT
        second
      EOT
      ,
      "third",
    ]
    call = join("+", split("\n", trimspace(<<-X
      a
      b
    X
    )))
    object = {
      inner = <<EOT
	tab kept
not the end: EOT
EOT
      next = "after"
    }
    conditional = true ? "x" : "y"
    nested_quotes = <<-EOT
      ${upper("in \"quotes\"")} and "${"str"}" and {"json": "${1 + 1}"}
    EOT
    multi_expr = <<-EOT
      ${join(",", [
        for x in ["a", "b"] :
        upper(x)
      ])}
      end
    EOT
    interpolation_only = <<EOT
${true}
EOT
    trimmed = chomp(<<EOT
x
EOT
    )
    deep_directives = <<-EOT
      %{ for i in range(2) ~}
      %{ if i == 0 ~}
      zero
      %{ else ~}
      other ${i}
      %{ endif ~}
      %{ endfor ~}
    EOT
    inline_directives = <<-EOT
      a%{ for i in range(3) },${i}%{ endfor }
        b
    EOT
    strip_newlines = <<-EOT
      x ${~ "y" ~}
      z
    EOT
    leading_interp = <<-EOT
        ${"deep"}
      shallow
    EOT
    indented_end = <<EOT
  body
    EOT
    trailing_space = <<EOT
keep   
EOT
  }
}
