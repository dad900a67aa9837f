# OCI: hub and spoke with a network firewall (Architecture Center, "Protect your cloud resources using OCI Network
# Firewall"): spokes know only the hub, the hub's attachment leads to the firewall, NAT in the hub.
# ask oci_core_subnet.spoke["app"] oci_core_subnet.spoke["data"] tcp 1521: yes, through oci_network_firewall_network_firewall.hub
# ask oci_core_subnet.spoke["app"] internet tcp 443: yes, through oci_network_firewall_network_firewall.hub, through oci_core_nat_gateway.out
# ask oci_core_subnet.spoke["app"] oci_core_subnet.spoke["far"] tcp 1521: yes, through oci_core_remote_peering_connection.here
# ask internet oci_core_subnet.spoke["app"] tcp 443: no
# passes oci-firewall-asymmetric
resource "oci_core_drg" "hub" {}

resource "oci_core_drg_route_table" "spokes" {
  drg_id = oci_core_drg.hub.id
}

resource "oci_core_drg_route_table_route_rule" "spokes" {
  drg_route_table_id         = oci_core_drg_route_table.spokes.id
  destination                = "0.0.0.0/0"
  destination_type           = "CIDR_BLOCK"
  next_hop_drg_attachment_id = oci_core_drg_attachment.hub.id
}

resource "oci_core_drg_route_distribution" "hub" {
  drg_id            = oci_core_drg.hub.id
  distribution_type = "IMPORT"
}

resource "oci_core_drg_route_distribution_statement" "hub" {
  for_each                  = { a = "VCN", b = "REMOTE_PEERING_CONNECTION" }
  drg_route_distribution_id = oci_core_drg_route_distribution.hub.id
  action                    = "ACCEPT"
  priority                  = 1
  match_criteria {
    match_type      = "DRG_ATTACHMENT_TYPE"
    attachment_type = each.value
  }
}

resource "oci_core_drg_route_table" "hub" {
  drg_id                           = oci_core_drg.hub.id
  import_drg_route_distribution_id = oci_core_drg_route_distribution.hub.id
}

resource "oci_core_vcn" "hub" {
  cidr_blocks = ["10.0.0.0/16"]
}

resource "oci_core_drg_attachment" "hub" {
  drg_id             = oci_core_drg.hub.id
  drg_route_table_id = oci_core_drg_route_table.hub.id
  network_details {
    id             = oci_core_vcn.hub.id
    type           = "VCN"
    route_table_id = oci_core_route_table.ingress.id
  }
}

resource "oci_core_route_table" "ingress" {
  vcn_id = oci_core_vcn.hub.id
  dynamic "route_rules" {
    for_each = ["0.0.0.0/0", "10.0.0.0/8"]
    content {
      destination       = route_rules.value
      network_entity_id = data.oci_core_private_ips.firewall.private_ips[0].id
    }
  }
}

resource "oci_core_nat_gateway" "out" {
  vcn_id         = oci_core_vcn.hub.id
  route_table_id = oci_core_route_table.ingress.id
}

resource "oci_core_route_table" "firewall" {
  vcn_id = oci_core_vcn.hub.id
  route_rules {
    destination       = "10.0.0.0/8"
    network_entity_id = oci_core_drg.hub.id
  }
  route_rules {
    destination       = "0.0.0.0/0"
    network_entity_id = oci_core_nat_gateway.out.id
  }
}

resource "oci_core_security_list" "open" {
  vcn_id = oci_core_vcn.hub.id
  ingress_security_rules {
    protocol = "all"
    source   = "0.0.0.0/0"
  }
  egress_security_rules {
    protocol    = "all"
    destination = "0.0.0.0/0"
  }
}

resource "oci_core_subnet" "firewall" {
  vcn_id                     = oci_core_vcn.hub.id
  cidr_block                 = "10.0.1.0/24"
  prohibit_public_ip_on_vnic = true
  route_table_id             = oci_core_route_table.firewall.id
  security_list_ids          = [oci_core_security_list.open.id]
}

resource "oci_network_firewall_network_firewall" "hub" {
  network_firewall_policy_id = "ocid1.networkfirewallpolicy.oc1..p"
  subnet_id                  = oci_core_subnet.firewall.id
}

data "oci_core_private_ips" "firewall" {
  ip_address = oci_network_firewall_network_firewall.hub.ipv4address
  subnet_id  = oci_core_subnet.firewall.id
}

locals {
  spokes = {
    app  = { cidr = "10.1.0.0/16", drg = oci_core_drg.hub.id, table = oci_core_drg_route_table.spokes.id }
    data = { cidr = "10.2.0.0/16", drg = oci_core_drg.hub.id, table = oci_core_drg_route_table.spokes.id }
    far  = { cidr = "10.3.0.0/16", drg = oci_core_drg.far.id, table = null }
  }
}

resource "oci_core_vcn" "spoke" {
  for_each    = local.spokes
  cidr_blocks = [each.value.cidr]
}

resource "oci_core_drg_attachment" "spoke" {
  for_each           = local.spokes
  drg_id             = each.value.drg
  drg_route_table_id = each.value.table
  network_details {
    id   = oci_core_vcn.spoke[each.key].id
    type = "VCN"
  }
}

resource "oci_core_default_route_table" "spoke" {
  for_each                   = local.spokes
  manage_default_resource_id = oci_core_vcn.spoke[each.key].default_route_table_id
  route_rules {
    destination       = "0.0.0.0/0"
    network_entity_id = each.value.drg
  }
}

resource "oci_core_default_security_list" "spoke" {
  for_each                   = local.spokes
  manage_default_resource_id = oci_core_vcn.spoke[each.key].default_security_list_id
  ingress_security_rules {
    protocol = "6"
    source   = "10.0.0.0/8"
    tcp_options {
      min = 1521
      max = 1521
    }
  }
  egress_security_rules {
    protocol    = "all"
    destination = "0.0.0.0/0"
  }
}

resource "oci_core_subnet" "spoke" {
  for_each                   = local.spokes
  vcn_id                     = oci_core_vcn.spoke[each.key].id
  cidr_block                 = cidrsubnet(each.value.cidr, 8, 1)
  prohibit_public_ip_on_vnic = true
}

# Another region, whose DRG has the tables it was made with.
resource "oci_core_drg" "far" {}

resource "oci_core_remote_peering_connection" "here" {
  drg_id  = oci_core_drg.hub.id
  peer_id = oci_core_remote_peering_connection.far.id
}

resource "oci_core_drg_attachment_management" "here" {
  attachment_type    = "REMOTE_PEERING_CONNECTION"
  network_id         = oci_core_remote_peering_connection.here.id
  drg_id             = oci_core_drg.hub.id
  drg_route_table_id = oci_core_drg_route_table.spokes.id
}

resource "oci_core_remote_peering_connection" "far" {
  drg_id = oci_core_drg.far.id
}
