locals {
  ports = { 80 = "http", 443 = "https" }
}

resource "terraform_data" "text" {
  input = {
    keys       = keys(local.ports)
    number_key = local.ports[80]
    string_key = local.ports["443"]
    loop       = { for k, v in local.ports : v => tonumber(k) + 1 }
    float_key  = { 1.5 = "x" }["1.5"]
    for_number = { for n in [1, 2.50, 1e2] : n => true }
    concat     = "${1}${2.5}${1e2}${-0.5}"
    compare    = "1" == tostring(1)
    arithmetic = "5" + "5"
    interp_sum = "${1 + 1}" + 1
    hex        = parseint("0f", 16)
    bool_key   = { (true) = 1 }["true"]
    large      = "${9007199254740993}"
    larger     = 9007199254740993 + 1
    float      = 3.141592653589793238462643383279
    float_text = "pi ${3.141592653589793238462643383279}"
    small      = "n ${0.000001}"
    precise    = 0.1 * 3
    thirds     = 1 / 3 + 1 / 3 + 1 / 3
    integer    = 4.0
    int_text   = "v${4.0}"
    divided    = "v${8 / 2}"
    percent    = "${floor(200 / 3)}%"
    index      = ["a", "b", "c"][4 / 2]
  }
}
