variable "list" { type = list(any) }
variable "map" { type = map(any) }
variable "same" { type = list(any) }
variable "object" {
  type = object({ any = any, list = list(any) })
}
variable "tuple" {
  type = tuple([any, any])
}
variable "set_any" {
  type    = set(any)
  default = [1, "b", 1]
}

output "all" {
  value = {
    list    = var.list
    map     = var.map
    same    = var.same
    object  = var.object
    tuple   = var.tuple
    set_any = var.set_any
  }
}
