resource "terraform_data" "numbers" {
  input = {
    zero     = 0
    negative = -17
    fraction = 2.5
    exponent = 1e3
    small    = 25e-2
    upper    = 1E2
    plus     = 1e+2
    big      = 123456789012345678901234567890
    beyond   = 18446744073709551616
    trailing = 5.0
    sum      = 0.1 + 0.2
    third    = 10 / 3
    exact    = 9 / 3
    text     = "${0.1 + 0.2}-${1e3}-${5.0}-${25e-2}"
    bigtext  = "n=${123456789012345678901234567890}"
    tiny     = "n=${1e-7}"
    huge     = "n=${1e21}"
  }
}

resource "terraform_data" "others" {
  input = {
    yes    = true
    no     = false
    none   = null
    empty  = ""
    string = "plain"
    tuple  = [1, "two", true, null]
    nested = [[], {}, [[1]], { a = [{ b = 1 }] }]
    commas = [
      1,
      2,
    ]
    object = { a = 1, b = 2 }
    colons = { a : 1, "b" : 2 }
    keys = {
      "with space" = 1
      (upper("k")) = 2
      "${"x"}y"    = 3
      1            = "number key"
      true         = "bool key"
    }
  }
}

resource "terraform_data" "absent" {}

resource "terraform_data" "null_input" {
  input = null
}

resource "terraform_data" "triggers" {
  input            = "x"
  triggers_replace = [1, { a = "b" }]
}

# a comment
// another
/* and
   a third */
resource "terraform_data" "comments" {
  input = 1 /* inside */ + 2 # after
}

resource terraform_data unquoted_labels {
  input = "legal"
}
