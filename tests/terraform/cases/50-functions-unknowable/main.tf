resource "terraform_data" "later" {
  input = {
    timestamp     = timestamp()
    plantimestamp = plantimestamp() == null
    uuid          = uuid()
    bcrypt        = bcrypt("x")
    derived       = formatdate("YYYY", timestamp())
    derived_text  = "at ${timestamp()}"
    list          = [uuid(), "known"]
    tried         = try(uuid(), "x")
    length        = length([timestamp()])
    time_null     = timestamp() == null
  }
}
