resource "terraform_data" "order" {
  input = {
    keys     = keys({ b = 1, A = 1, a = 1, "10" = 1, "9" = 1, _x = 1, "é" = 1, "" = 1, "a-b" = 1, "a.b" = 1, "ab" = 1 })
    for_list = [for k, v in { z = 1, m = 2, a = 3 } : k]
    values   = values({ z = 1, m = 2, a = 3 })
    join     = join(",", [for k, v in tomap({ z = "1", m = "2" }) : "${k}${v}"])
    template = "%{for k, v in { z = 1, m = 2 }}${k}%{endfor}"
    json     = jsonencode({ z = 1, m = 2 })
    group    = { for p in [["b", 1], ["a", 2], ["b", 3]] : p[0] => p[1]... }
    emoji    = keys({ "🤔" = 1, "\uffee" = 2 })
  }
}
