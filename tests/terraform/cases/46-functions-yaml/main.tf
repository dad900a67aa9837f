resource "terraform_data" "encode" {
  input = {
    scalar    = yamlencode("plain")
    number    = yamlencode(1.5)
    bool      = yamlencode(true)
    null      = yamlencode(null)
    object    = yamlencode({ b = 1, a = "x", c = [1, "two", { d = null }] })
    tricky    = yamlencode({ a = "true", b = "1", c = "", d = "a: b", e = "- x", f = "#", g = "null", h = "multi\nline\n" })
    empty     = yamlencode({ a = [], b = {} })
    nested    = yamlencode([[1, 2], [3]])
    unicode   = yamlencode("é ☃ \"q\" 'x' <&>")
    keys      = yamlencode({ "with space" = 1, "1" = 2, "true" = 3 })
    big       = yamlencode([123456789012345678901234567890, 0.1])
    string    = yamlencode("two\nlines")
    set       = yamlencode(toset(["b", "a"]))
  }
}

resource "terraform_data" "decode" {
  input = {
    simple   = yamldecode("a: 1\nb: [x, 2.5, true, null, ~]\n")
    nested   = yamldecode("a:\n  - b: 1\n    c: two\n  - d: null\n")
    strings  = yamldecode("q: '1'\nd: \"a\\nb\"\nblock: |\n  one\n  two\nfold: >\n  one\n  two\n")
    numbers  = yamldecode("[0x1f, 0o17, 017, 1e3, 1_000, -5, +3, .5]")
    bools    = yamldecode("[yes, no, on, off, true, True, TRUE, false]")
    nulls    = yamldecode("[null, Null, ~, '']")
    anchor   = yamldecode("a: &x {k: 1}\nb: *x\n")
    merge    = yamldecode("base: &b {k: 1, j: 2}\nd:\n  <<: *b\n  k: 3\n")
    empty    = yamldecode("{}")
    scalar   = yamldecode("hello")
    date     = yamldecode("d: 2024-01-01\n")
    stamp    = yamldecode("d: 2024-01-01T00:00:00Z\n")
    key_num  = yamldecode("1: a\ntrue: b\n")
    comment  = yamldecode("a: 1 # note\n")
    json     = yamldecode("{\"a\": [1, 2]}")
    bad      = can(yamldecode("a: [1"))
    document = yamldecode("---\na: 1\n")
    tagged   = yamldecode("a: !!str 5\nb: !!int \"7\"\nc: !!float 2\n")
    round    = yamldecode(yamlencode({ a = [1, "1", null, true] }))
  }
}
