resource "terraform_data" "normalised" {
  input = {
    escape      = "e\u0301"
    equal       = "e\u0301" == "\u00e9"
    length      = length("e\u0301")
    raw         = length("é")
    key         = keys({ "e\u0301" = 1 })
    merged      = merge({ "é" = 1 }, { "e\u0301" = 2 })
    json        = jsondecode("\"e\\u0301\"") == "é"
    hash        = md5("e\u0301") == md5("\u00e9")
    file        = length(trimspace(file("${path.module}/decomposed.txt")))
    emoji       = length("👨‍👩‍👧")
    flag        = length("🇩🇪")
    hangul      = length("\u1100\u1161")
    crlf        = length("a\r\nb")
    split_emoji = substr("👨‍👩‍👧x", 1, 1)
    reverse     = strrev("ae\u0301")
  }
}
