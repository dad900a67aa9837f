resource "terraform_data" "arithmetic" {
  input = {
    precedence = 2 + 3 * 4
    parens     = (2 + 3) * 4
    left       = 10 - 4 - 3
    divide     = 100 / 10 / 5
    modulo     = -7 % 3
    modulo2    = 7 % -3
    modulo3    = 7.5 % 2
    unary      = -(3 + 4)
    double     = - -3
    mixed      = 1 + 2 * 3 - 4 / 2 % 3
    strings    = "3" + "4"
    string_mul = "2.5" * 2
  }
}

resource "terraform_data" "logic" {
  input = {
    and_or     = true || false && false
    or_and     = (true || false) && false
    negation   = !true || true
    double_not = !(!true)
    strings    = "true" && true
    compare    = 1 + 1 == 2 && 3 > 2
    chain      = 1 < 2 == true
    neq        = 1 != 2
  }
}

resource "terraform_data" "comparison" {
  input = {
    lt            = 1 < 2
    le            = 2 <= 2
    gt            = 2 > 3
    ge            = 3 >= 3
    string_number = "10" > 9
    eq_mixed      = "1" == 1
    eq_bool       = "true" == true
    eq_null       = null == null
    eq_null_str   = "" == null
    eq_list       = [1, 2] == [1, 2]
    eq_list_type  = tolist([1, 2]) == [1, 2]
    eq_tolist     = tolist([1, 2]) == tolist([1, 2])
    eq_map        = { a = 1 } == { a = 1 }
    eq_map_type   = tomap({ a = 1 }) == { a = 1 }
    eq_obj_diff   = { a = 1 } == { a = "1" }
    eq_deep       = { a = [1, { b = null }] } == { a = [1, { b = null }] }
    eq_sets       = toset(["b", "a"]) == toset(["a", "b", "a"])
    eq_empty      = [] == []
    eq_empty_list = [] == tolist([])
    ne_list       = [1] != [1, 2]
    float         = 0.1 + 0.2 == 0.3
    thirds        = 1 / 3 * 3 == 1
  }
}
