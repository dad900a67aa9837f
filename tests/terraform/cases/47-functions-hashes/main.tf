resource "terraform_data" "hashes" {
  input = {
    md5          = md5("hello")
    sha1         = sha1("hello")
    sha256       = sha256("hello")
    sha512       = sha512("hello")
    base64sha256 = base64sha256("hello")
    base64sha512 = base64sha512("hello")
    unicode      = md5("é")
    uuid_dns     = uuidv5("dns", "www.example.com")
    uuid_url     = uuidv5("url", "https://example.com")
    uuid_oid     = uuidv5("oid", "1.3.6")
    uuid_x500    = uuidv5("x500", "CN=x")
    uuid_custom  = uuidv5("6ba7b810-9dad-11d1-80b4-00c04fd430c8", "x")
    uuid_unicode = uuidv5("dns", "é")
  }
}

resource "terraform_data" "files" {
  input = {
    md5          = filemd5("${path.module}/data.txt")
    sha1         = filesha1("${path.module}/data.txt")
    sha256       = filesha256("${path.module}/data.txt")
    sha512       = filesha512("${path.module}/data.txt")
    base64sha256 = filebase64sha256("${path.module}/data.txt")
    base64sha512 = filebase64sha512("${path.module}/data.txt")
    base64       = filebase64("${path.module}/data.txt")
    same         = filemd5("${path.module}/data.txt") == md5(file("${path.module}/data.txt"))
  }
}
