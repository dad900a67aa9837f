locals {
  name = "world"
  list = ["a", "b"]
  num  = 3
}

resource "terraform_data" "escapes" {
  input = {
    newline    = "a\nb"
    tab        = "a\tb"
    return     = "a\rb"
    quote      = "say \"hi\""
    backslash  = "C:\\dir"
    unicode    = "caf\u00e9"
    long       = "\U0001F600"
    dollar     = "$${not}"
    percent    = "%%{not}"
    lone       = "$ and % and $5 and 5%"
    double     = "$$ and %%"
    brace      = "{}"
    mixed      = "$$${local.name}"
    triple     = "$$$${x}"
    empty      = ""
    raw        = "naïve ☃"
    hash       = "# not a comment // nor this"
  }
}

resource "terraform_data" "interpolation" {
  input = {
    simple     = "hello ${local.name}"
    only       = "${local.name}"
    only_list  = "${local.list}"
    only_num   = "${local.num}"
    only_bool  = "${true}"
    two        = "${local.name}${local.num}"
    nested     = "a ${"b ${local.name} c"} d"
    quotes     = "${join(",", ["x", "y"])}"
    braces     = "${jsonencode({ a = "}" })}"
    arithmetic = "n=${1 + 2}"
    bool       = "b=${true}"
    float      = "f=${1.50}"
    cond       = "${local.num > 2 ? "big" : "small"} one"
    object     = "${{ a = 1 }.a}"
    strip      = "x  ${~ local.name ~}  y"
    strip_left = "x ${~ local.name} y"
    multi      = "${
      local.name
    }!"
  }
}
