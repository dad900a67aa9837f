variable "text" {
  type    = string
  default = 5
}

variable "flag" {
  type    = bool
  default = "true"
}

variable "amount" {
  type    = number
  default = "3.50"
}

variable "names" {
  type    = list(string)
  default = [1, true, "x"]
}

variable "unique" {
  type    = set(string)
  default = ["b", "a", "b"]
}

variable "table" {
  type    = map(number)
  default = { a = "1", b = 2 }
}

variable "pair" {
  type    = tuple([string, number])
  default = [1, "2"]
}

variable "thing" {
  type = object({ name = string, size = number })
  default = {
    name  = 7
    size  = "8"
    extra = "dropped"
  }
}

variable "free" {
  type    = any
  default = { a = [1, "x"] }
}

variable "free_list" {
  type    = list(any)
  default = [1, "x", true]
}

variable "free_map" {
  type    = map(any)
  default = { a = 1, b = "x" }
}

variable "untyped" {
  default = [1, "two"]
}

variable "untyped_object" {
  default = {
    a = 1
    b = null
  }
}

variable "deep" {
  type    = map(list(object({ id = string, on = bool })))
  default = { x = [{ id = 1, on = "false" }], y = [] }
}

variable "list_of_sets" {
  type    = list(set(number))
  default = [[3, 1, "2", 3], []]
}

variable "from_tuple" {
  type    = list(list(string))
  default = [["a"], [], [1, 2]]
}

variable "object_as_map" {
  type    = map(string)
  default = { one = 1, two = true, none = null }
}

resource "terraform_data" "all" {
  input = {
    text           = var.text
    flag           = var.flag
    amount         = var.amount
    names          = var.names
    unique         = var.unique
    table          = var.table
    pair           = var.pair
    thing          = var.thing
    free           = var.free
    free_list      = var.free_list
    free_map       = var.free_map
    untyped        = var.untyped
    untyped_object = var.untyped_object
    deep           = var.deep
    list_of_sets   = var.list_of_sets
    from_tuple     = var.from_tuple
    object_as_map  = var.object_as_map
    sum            = var.amount + 1
    both           = "${var.text}${var.flag}"
    typed_equal    = var.names == tolist(["1", "true", "x"])
    table_keys     = keys(var.table)
  }
}
