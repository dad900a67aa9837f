variable "plain" {
  type = object({
    name = string
    size = optional(number)
  })
  default = { name = "a" }
}

variable "defaults" {
  type = object({
    name  = string
    size  = optional(number, 5)
    tags  = optional(map(string), { env = "dev" })
    ports = optional(list(number), [80, 443])
    on    = optional(bool, true)
  })
  default = { name = "a", on = false }
}

variable "nested" {
  type = object({
    name = string
    log = optional(object({
      level = optional(string, "info")
      dest  = optional(string)
      rotate = optional(object({
        days = optional(number, 7)
        gzip = optional(bool, true)
      }), {})
    }), {})
    missing = optional(object({ x = optional(string, "never") }))
  })
  default = { name = "n" }
}

variable "partly" {
  type = object({
    log = optional(object({
      level = optional(string, "info")
      dest  = optional(string, "stdout")
    }), { level = "debug" })
  })
  default = {}
}

variable "list" {
  type = list(object({
    port  = number
    proto = optional(string, "tcp")
    cidrs = optional(list(string), [])
  }))
  default = [{ port = 1 }, { port = 2, proto = "udp" }, { port = "3", proto = null }]
}

variable "map" {
  type = map(object({
    size = optional(string, "small")
    note = optional(any)
  }))
  default = { a = {}, b = { size = "big", note = "x" } }
}

variable "set" {
  type    = set(object({ id = string, w = optional(number, 1) }))
  default = [{ id = "only" }, { id = "only", w = 1 }]
}

variable "null_default" {
  type    = object({ a = optional(string, "x") })
  default = null
}

variable "tuple" {
  type    = tuple([string, object({ a = optional(number, 9) })])
  default = ["s", {}]
}

variable "explicit_null" {
  type = object({
    a = optional(string, "default")
    b = optional(string)
  })
  default = { a = null, b = null }
}

resource "terraform_data" "optional" {
  input = {
    plain         = var.plain
    defaults      = var.defaults
    nested        = var.nested
    partly        = var.partly
    list          = var.list
    map           = var.map
    set           = var.set
    null_default  = var.null_default
    tuple         = var.tuple
    explicit_null = var.explicit_null
    deep          = var.nested.log.rotate.days
  }
}
