resource "terraform_data" "conversion" {
  input = {
    tostring     = [tostring(1), tostring(true), tostring("x"), tostring(1.0)]
    tonumber     = [tonumber("5"), tonumber("-1.5"), tonumber(3)]
    tobool       = [tobool("true"), tobool("false"), tobool(true)]
    tolist       = tolist(["a", 1, true])
    tolist_set   = tolist(toset(["b", "a"]))
    toset        = toset(["c", "b", "c"])
    toset_num    = toset([10, 9, 1.5, 9])
    toset_mixed  = toset(["b", 1, true])
    tomap        = tomap({ a = 1, b = "x" })
    tomap_obj    = tomap({ a = { x = 1 }, b = { x = 2 } })
    type_number  = can(tonumber("x"))
    type_bool    = can(tobool("yes"))
    type_bool1   = can(tobool(1))
    type_string  = can(tostring([]))
    type_list    = can(tolist({}))
    nested_list  = tolist([["a"], [1]])
    list_objects = tolist([{ a = 1, b = "x" }, { a = "2", b = true }])
    number_text  = "${tonumber("007")}"
    equal        = tostring(5) == "5"
    empty_map    = tomap({})
    empty_list   = tolist([])
    null_string  = tostring(null)
    set_bools    = toset([true, false, true])
    set_lists    = length(toset([[1], [1], [2]]))
    list_of_any  = tolist([[], ["a"]])
  }
}
