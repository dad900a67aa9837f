resource "terraform_data" "u" {
  input = "u"
}

resource "terraform_data" "output_may_be_null" {
  input = {
    output_null = terraform_data.u.output == null
    output_is   = terraform_data.u.output == "u"
    input_is    = terraform_data.u.input == "u"
  }
}
