module "m" {
  source = "./child"
  list   = [1, "x"]
  map    = { a = [1], b = ["x", "y"] }
  same   = [{ a = 1 }, { a = 2 }]
  object = { any = { deep = [1, { x = null }] }, list = ["a", 2] }
  tuple  = ["x", [1, true]]
}

resource "terraform_data" "out" {
  input = module.m.all
}
