locals {
  names = ["ann", "bob"]
  ports = { http = 80, https = 443 }
  on    = true
}

resource "terraform_data" "directives" {
  input = {
    if_yes     = "%{if local.on}yes%{endif}"
    if_no      = "%{if !local.on}yes%{endif}"
    if_else    = "%{if !local.on}yes%{else}no%{endif}"
    for        = "%{for n in local.names}<${n}>%{endfor}"
    for_key    = "%{for k, v in local.ports}${k}=${v};%{endfor}"
    for_index  = "%{for i, v in local.names}${i}:${v} %{endfor}"
    nested     = "%{for n in local.names}%{if n == "ann"}A%{else}${n}%{endif}%{endfor}"
    empty      = "%{for n in []}x%{endfor}"
    strip      = "a %{~ if local.on ~} b %{~ endif ~} c"
    strip_for  = "a %{~ for n in local.names ~} ${n} %{~ endfor ~} c"
    sets       = "%{for n in toset(["b", "a"])}${n}%{endfor}"
    only_if    = "%{if local.on}${1}%{endif}"
  }
}

resource "terraform_data" "heredocs" {
  input = {
    plain = <<EOT
line one
  line two
EOT
    indented = <<-EOT
      line one
        line two

      line three ${local.on}
    EOT
    interpolated_first = <<-EOT
      ${local.names[0]}
        ${local.names[1]}
    EOT
    directive = <<-EOT
      start
      %{for n in local.names~}
      - ${n}
      %{endfor~}
      end
    EOT
    directive_else = <<-EOT
      %{if local.on~}
      on
      %{else~}
      off
      %{endif~}
      last
    EOT
    left = <<-EOT
      a
      %{~for n in local.names}
      ${n}
      %{~endfor}
    EOT
    escapes = <<EOT
no \n escape, "quotes", \ backslash
$${literal} %%{literal}
tab	inside
EOT
    empty = <<EOT
EOT
    blank = <<EOT

EOT
    less_indent = <<-EOT
        deep
      shallow
          deeper
    EOT
    name = <<-a_b-c
      odd marker
    a_b-c
    in_call = upper(<<-EOT
      shout
    EOT
    )
    json = jsondecode(<<-EOT
      {"a": [1, 2, "${local.on}"]}
    EOT
    )
    tabs = <<-EOT
	tabbed
	  more
	EOT
    blank_inside = <<-EOT
      a

        b
    EOT
  }
}
