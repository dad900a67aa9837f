resource "terraform_data" "a" { input = "one line" }

resource "terraform_data" "b" {
  input = {
    multi = max(
      1,
      2,
    )
    paren = (
      1 +
      2
    )
    list = [ # comment
      1,     // comment
      /* comment */ 2,
    ]
    cond = (true
      ? "yes"
      : "no"
    )
    index = [
      "x",
    ][0]
    for = [
      for v in [1, 2] :
      v * 2
      if v > 1
    ]
  }
}
