resource "terraform_data" "u" {
  input = { a = 1, list = ["x", "y"], text = "t" }
}

resource "terraform_data" "nothing" {}

resource "terraform_data" "unknown" {
  input = {
    id           = terraform_data.u.id
    output       = terraform_data.u.output
    output_attr  = terraform_data.u.output.a
    output_list  = terraform_data.u.output.list
    output_item  = terraform_data.u.output.list[0]
    input        = terraform_data.u.input
    input_attr   = terraform_data.u.input.a
    triggers     = terraform_data.u.triggers_replace
    null_output  = terraform_data.nothing.output
    null_input   = terraform_data.nothing.input
    template     = "id: ${terraform_data.u.id}!"
    wrapped      = "${terraform_data.u.id}"
    list         = ["a", terraform_data.u.id, "c"]
    object       = { known = 1, unknown = terraform_data.u.id, deep = { x = [terraform_data.u.id] } }
    arithmetic   = length(terraform_data.u.id) + 1
    compare      = terraform_data.u.id == "x"
    self_compare = terraform_data.u.id == terraform_data.u.id
    logic_and    = terraform_data.u.id == "x" && false
    logic_or     = terraform_data.u.id == "x" || true
    logic_and_t  = true && terraform_data.u.id == "x"
    negation     = !(terraform_data.u.id == "x")
    upper        = upper(terraform_data.u.id)
    join         = join("-", ["a", terraform_data.u.id])
    format       = format("%s-%s", "a", terraform_data.u.id)
    less         = length(terraform_data.u.id) < 5
    whole        = terraform_data.u
    whole_attr   = { for k, v in terraform_data.u : k => v if k == "input" }
    whole_keys   = keys(terraform_data.u)
  }
}

resource "terraform_data" "directly" {
  input = terraform_data.u.id
}

resource "terraform_data" "in_triggers" {
  input            = "known"
  triggers_replace = { id = terraform_data.u.id, fixed = 1 }
}

resource "terraform_data" "second_hand" {
  input = terraform_data.directly.input
}
