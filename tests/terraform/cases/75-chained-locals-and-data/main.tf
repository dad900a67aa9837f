locals {
  a = { for i in range(3) : "k${i}" => { n = i, sq = pow(i, 2) } }
  b = { for k, v in local.a : k => merge(v, { prev = try(local.a["k${v.n - 1}"].sq, null) }) }
  c = [for k in reverse(sort(keys(local.b))) : local.b[k]]
  d = zipmap([for v in local.c : tostring(v.sq)], local.c[*].n)
  e = { for k, v in local.d : k => v if v > 0 }
  f = transpose({ for k, v in local.b : k => [tostring(v.n % 2)] })
  g = concat(local.c, [{ n = -1, sq = 1, prev = 0 }])
  h = sum(local.g[*].sq)
}

resource "terraform_data" "chain" {
  input = { a = local.a, b = local.b, c = local.c, d = local.d, e = local.e, f = local.f, g = local.g, h = local.h }
}
