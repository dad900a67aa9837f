variable "quoted_reference" {
  type    = list
  default = ["a", "b"]
}

variable "bare_map" {
  type    = map
  default = { k = "v", n = 1 }
}

resource "terraform_data" "legacy" {
  count = "${length(var.quoted_reference)}"
  input = {
    interp     = "${var.quoted_reference}"
    index      = "${var.quoted_reference[count.index]}"
    element    = "${element(var.quoted_reference, count.index)}"
    lookup     = "${lookup(var.bare_map, "k")}"
    attr       = "${var.bare_map.n}"
    dot_index  = var.quoted_reference.1
    splat      = "${terraform_data.other.*.input}"
    first      = "${terraform_data.other.0.input}"
    list       = ["${var.quoted_reference[0]}"]
    format     = "${format("%s-%s", "x", "${var.bare_map["k"]}")}"
    bool       = "${true}"
    number     = "${1}"
    concat     = "${concat(var.quoted_reference, ["c"])}"
  }
}

resource "terraform_data" "other" {
  count = 2
  input = "o${count.index}"
}
