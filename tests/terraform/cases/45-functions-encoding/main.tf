locals {
  object = { b = [1, 2.5, true, null], a = "x <y> & 'z' \"q\"", c = { n = "é" } }
}

resource "terraform_data" "json" {
  input = {
    encode       = jsonencode(local.object)
    encode_text  = jsonencode("line\nbreak\ttab \u2028 \\ /")
    encode_null  = jsonencode(null)
    encode_num   = [jsonencode(1e3), jsonencode(0.1), jsonencode(1e21), jsonencode(123456789012345678901234567890)]
    encode_set   = jsonencode(toset(["b", "a"]))
    encode_empty = jsonencode({ a = [], b = {}, c = "" })
    control      = jsonencode("\u0001\u007f")
    decode       = jsondecode("{\"a\": [1, 2.50, null, {\"b\": \"\\u00e9\"}], \"t\": true}")
    decode_num   = jsondecode("[1e3, -0.5, 12345678901234567890]")
    decode_text  = jsondecode("\"x\"")
    round_trip   = jsondecode(jsonencode(local.object)) == jsondecode(jsonencode(local.object))
    decode_dup   = jsondecode("{\"a\": 1, \"a\": 2}")
    bad          = can(jsondecode("{'a': 1}"))
  }
}

resource "terraform_data" "base64" {
  input = {
    encode   = base64encode("héllo")
    decode   = base64decode("aMOpbGxv")
    text     = textencodebase64("hi é", "UTF-16LE")
    back     = textdecodebase64("aABpACAA6QA=", "UTF-16LE")
    latin    = textencodebase64("é", "ISO-8859-1")
    url      = urlencode("a b&c=d/é~-_.!*'()")
    bad      = can(base64decode("***"))
    cp1252   = textencodebase64("€", "windows-1252")
  }
}

resource "terraform_data" "csv" {
  input = {
    simple = csvdecode("a,b\n1,2\n3,4\n")
    quoted = csvdecode("name,note\n\"x, y\",\"say \"\"hi\"\"\"\nz,\"two\nlines\"")
    empty  = csvdecode("a,b\n")
    crlf   = csvdecode("a,b\r\n1,2\r\n")
    bad    = can(csvdecode("a,b\n1\n"))
    lookup = { for r in csvdecode("k,v\nx,1\ny,2") : r.k => r.v }
  }
}
