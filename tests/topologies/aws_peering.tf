# AWS: peerings are not transitive, and overlap is refused (VPC Peering Guide, "Unsupported VPC peering configurations").
# ask aws_subnet.main["a"] aws_subnet.main["b"] tcp 22: yes, through aws_vpc_peering_connection.ab
# ask aws_subnet.main["a"] aws_subnet.main["c"] tcp 22: no, says no subnet of aws_vpc.main["b"] has that address
# ask aws_subnet.main["c"] aws_subnet.main["d"] tcp 22: no
# problem overlap at 10.3.0.0/16
locals {
  networks = { a = "10.1.0.0/16", b = "10.2.0.0/16", c = "10.3.0.0/16", d = "10.3.0.0/16" }
}

resource "aws_vpc" "main" {
  for_each   = local.networks
  cidr_block = each.value
}

resource "aws_subnet" "main" {
  for_each   = local.networks
  vpc_id     = aws_vpc.main[each.key].id
  cidr_block = cidrsubnet(each.value, 8, each.key == "d" ? 2 : 1)
}

resource "aws_vpc_peering_connection" "ab" {
  vpc_id      = aws_vpc.main["a"].id
  peer_vpc_id = aws_vpc.main["b"].id
  auto_accept = true
}

resource "aws_vpc_peering_connection" "bc" {
  vpc_id      = aws_vpc.main["b"].id
  peer_vpc_id = aws_vpc.main["c"].id
  auto_accept = true
}

resource "aws_vpc_peering_connection" "cd" {
  vpc_id      = aws_vpc.main["c"].id
  peer_vpc_id = aws_vpc.main["d"].id
  auto_accept = true
}

resource "aws_route" "a" {
  route_table_id            = aws_vpc.main["a"].main_route_table_id
  destination_cidr_block    = "10.0.0.0/8"
  vpc_peering_connection_id = aws_vpc_peering_connection.ab.id
}

resource "aws_route" "b_a" {
  route_table_id            = aws_vpc.main["b"].main_route_table_id
  destination_cidr_block    = "10.1.0.0/16"
  vpc_peering_connection_id = aws_vpc_peering_connection.ab.id
}

resource "aws_route" "b_c" {
  route_table_id            = aws_vpc.main["b"].main_route_table_id
  destination_cidr_block    = "10.3.0.0/16"
  vpc_peering_connection_id = aws_vpc_peering_connection.bc.id
}

resource "aws_route" "c" {
  route_table_id            = aws_vpc.main["c"].main_route_table_id
  destination_cidr_block    = "10.0.0.0/8"
  vpc_peering_connection_id = aws_vpc_peering_connection.bc.id
}
