# Networks that cannot be right: overlap, a route to nowhere, hubs that send round in a circle; the rest is analysed.
# ask aws_subnet.a aws_subnet.b tcp 22: no, says attached to no VPC
# ask oci_core_subnet.main["a"] 10.8.0.1 tcp 22: no, says back where it came from
# ask oci_core_subnet.main["a"] oci_core_subnet.main["b"] tcp 22: yes
# ask oci_core_subnet.ring["x"] 10.55.0.1 tcp 22: no, says in a circle
# problem oci_core_vcn.main["b"] and oci_core_vcn.main["c"], joined by oci_core_drg.hub, overlap at 10.2.0.0/16
# problem leads nowhere: aws_internet_gateway.loose is attached to no VPC
resource "aws_vpc" "a" {
  cidr_block = "172.16.0.0/16"
}

resource "aws_vpc" "b" {
  cidr_block = "172.17.0.0/16"
}

resource "aws_internet_gateway" "loose" {}

resource "aws_subnet" "a" {
  vpc_id     = aws_vpc.a.id
  cidr_block = "172.16.1.0/24"
}

resource "aws_subnet" "b" {
  vpc_id     = aws_vpc.b.id
  cidr_block = "172.17.1.0/24"
}

resource "aws_route" "a" {
  route_table_id         = aws_vpc.a.main_route_table_id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.loose.id
}

locals {
  networks = { a = "10.1.0.0/16", b = "10.2.0.0/16", c = "10.2.0.0/16" }
}

resource "oci_core_drg" "hub" {}

resource "oci_core_vcn" "main" {
  for_each    = local.networks
  cidr_blocks = [each.value]
}

resource "oci_core_drg_attachment" "main" {
  for_each           = local.networks
  drg_id             = oci_core_drg.hub.id
  drg_route_table_id = oci_core_drg_route_table.main.id
  network_details {
    id   = oci_core_vcn.main[each.key].id
    type = "VCN"
  }
}

resource "oci_core_drg_route_table" "main" {
  drg_id                           = oci_core_drg.hub.id
  import_drg_route_distribution_id = oci_core_drg_route_distribution.main.id
}

resource "oci_core_drg_route_distribution" "main" {
  drg_id            = oci_core_drg.hub.id
  distribution_type = "IMPORT"
}

resource "oci_core_drg_route_distribution_statement" "main" {
  drg_route_distribution_id = oci_core_drg_route_distribution.main.id
  action                    = "ACCEPT"
  priority                  = 1
  match_criteria {
    match_type = "MATCH_ALL"
  }
}

resource "oci_core_drg_route_table_route_rule" "main" {
  drg_route_table_id         = oci_core_drg_route_table.main.id
  destination                = "10.8.0.0/16"
  destination_type           = "CIDR_BLOCK"
  next_hop_drg_attachment_id = oci_core_drg_attachment.main["a"].id
}

resource "oci_core_default_route_table" "main" {
  for_each                   = local.networks
  manage_default_resource_id = oci_core_vcn.main[each.key].default_route_table_id
  route_rules {
    destination       = "0.0.0.0/0"
    network_entity_id = oci_core_drg.hub.id
  }
}

resource "oci_core_subnet" "main" {
  for_each   = local.networks
  vcn_id     = oci_core_vcn.main[each.key].id
  cidr_block = cidrsubnet(each.value, 8, each.key == "c" ? 2 : 1)
}

# Three networks peered in a ring, each passing on what is not its own.
locals {
  ring = { x = { cidr = "10.51.0.0/16", next = "y" }, y = { cidr = "10.52.0.0/16", next = "z" }, z = { cidr = "10.53.0.0/16", next = "x" } }
}

resource "oci_core_vcn" "ring" {
  for_each    = local.ring
  cidr_blocks = [each.value.cidr]
}

resource "oci_core_subnet" "ring" {
  for_each       = local.ring
  vcn_id         = oci_core_vcn.ring[each.key].id
  cidr_block     = cidrsubnet(each.value.cidr, 8, 1)
  route_table_id = oci_core_route_table.ring[each.key].id
}

resource "oci_core_local_peering_gateway" "on" {
  for_each       = local.ring
  vcn_id         = oci_core_vcn.ring[each.key].id
  peer_id        = oci_core_local_peering_gateway.back[each.value.next].id
}

resource "oci_core_local_peering_gateway" "back" {
  for_each       = local.ring
  vcn_id         = oci_core_vcn.ring[each.key].id
  route_table_id = oci_core_route_table.ring[each.key].id
}

resource "oci_core_route_table" "ring" {
  for_each = local.ring
  vcn_id   = oci_core_vcn.ring[each.key].id
  route_rules {
    destination       = "10.55.0.0/16"
    network_entity_id = oci_core_local_peering_gateway.on[each.key].id
  }
}
