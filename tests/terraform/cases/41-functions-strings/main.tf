resource "terraform_data" "strings" {
  input = {
    upper       = upper("straße é")
    lower       = lower("ÀB")
    title       = title("hello wORLD it's o'neil-smith")
    trim        = trim("?!hello?!", "!?")
    trimprefix  = trimprefix("prefix-prefix-x", "prefix-")
    trimsuffix  = trimsuffix("x.txt.txt", ".txt")
    trimspace   = trimspace("\t  x y \n")
    chomp       = chomp("line\r\n\n")
    chomp2      = chomp("a\nb\n")
    indent      = indent(2, "a\nb\n\nc")
    join        = join(", ", ["a", "b"])
    join_many   = join("-", ["a"], ["b", "c"])
    join_numbers = join("", [1, true, "x"])
    split       = split(",", "a,b,,c")
    split_empty = split(",", "")
    split_chars = split("", "abc")
    strrev      = strrev("héllo")
    substr      = substr("hello world", 1, 4)
    substr_neg  = substr("hello world", -5, -1)
    substr_end  = substr("hello", 3, 100)
    substr_uni  = substr("🤔🤷", 0, 1)
    starts      = startswith("hello", "he")
    ends        = endswith("hello", "lo")
    contains    = strcontains("hello", "ell")
    length      = length("héllo🤔")
    combining   = length("e\u0301")
    lower_num   = lower(5)
    format      = upper("${1}a")
    templated   = templatestring(local.template, { name = "ann", items = ["x", "y"] })
    parseint    = [parseint("ff", 16), parseint("-101", 2), parseint("zz", 36), parseint("Z", 62)]
    sort        = sort(["b", "A", "a", "10", "9", "é"])
    compare     = [for s in ["a", "b"] : s == "a"]
  }
}

locals {
  template = "hi $${name}: %%{for i in items}[$${i}]%%{endfor}"
}
