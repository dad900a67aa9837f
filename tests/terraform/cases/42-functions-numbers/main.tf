resource "terraform_data" "numbers" {
  input = {
    abs      = [abs(-3), abs(2.5), abs("-4")]
    ceil     = [ceil(1.2), ceil(-1.2), ceil(5)]
    floor    = [floor(1.8), floor(-1.2)]
    log      = [log(16, 2), log(100, 10)]
    pow      = [pow(2, 10), pow(2, -1), pow(2, 0.5), pow(2, 64) == 18446744073709551616]
    signum   = [signum(-5), signum(0), signum(7)]
    max      = max(1, 5, 3)
    min      = min(12, 54, 3)
    max_list = max([1, 7, 2]...)
    sum      = sum([1, 2.5, "3"])
    sum_set  = sum(toset([1, 1, 2]))
    range1   = range(4)
    range2   = range(1, 4)
    range3   = range(0, 10, 3)
    rangeneg = range(5, 0, -2)
    rangeno  = range(0)
    rangedec = range(0, 1, 0.25)
    rangerev = range(3, 0)
    parse    = parseint("12", 10) + 1
    text     = tostring(1.50)
    texts    = [for n in [1e3, 1.25e-3, 100000000000000000000, 0.1] : tostring(n)]
    number   = tonumber("1e3")
    thirds   = tostring(10 / 3)
    bigadd   = 99999999999999999999 + 1
    bigmul   = 12345678901234567890 * 98765432109876543210
    modbig   = 12345678901234567890 % 97
    division = 7 / 2
    powbig   = pow(10, 20)
    floats   = 1.1 * 1.1
    compare  = 0.1 + 0.2 == 0.3
    negzero  = -0
  }
}
