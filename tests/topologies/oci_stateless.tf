# OCI: stateless rules need one for each direction, and win over stateful ones (Networking, "Stateful Versus Stateless
# Rules").
# ask 10.0.1.0/24 oci_core_instance.mirrored tcp 443: yes
# ask 10.0.1.0/24 oci_core_instance.mute tcp 443: no, says refused by the ingress rules of oci_core_security_list.mute
# ask 10.0.1.0/24 oci_core_instance.mixed tcp 443: no
# ask 10.0.1.0/24 oci_core_instance.mixed tcp 22: yes
# ask oci_core_subnet.a oci_core_subnet.b tcp 22: yes, through oci_core_local_peering_gateway.a
# ask oci_core_subnet.b oci_core_subnet.a tcp 22: no
locals {
  lists = ["mirrored", "mute", "mixed"]
}

resource "oci_core_vcn" "main" {
  cidr_blocks = ["10.0.0.0/16"]
}

resource "oci_core_security_list" "open" {
  vcn_id = oci_core_vcn.main.id
  egress_security_rules {
    protocol    = "all"
    destination = "0.0.0.0/0"
  }
}

resource "oci_core_subnet" "a" {
  vcn_id            = oci_core_vcn.main.id
  cidr_block        = "10.0.1.0/24"
  security_list_ids = [oci_core_security_list.open.id]
  route_table_id    = oci_core_route_table.a.id
}

resource "oci_core_security_list" "mirrored" {
  vcn_id = oci_core_vcn.main.id
  ingress_security_rules {
    protocol  = "6"
    source    = "10.0.0.0/16"
    stateless = true
    tcp_options {
      min = 443
      max = 443
    }
  }
  egress_security_rules {
    protocol    = "6"
    destination = "10.0.0.0/16"
    stateless   = true
    tcp_options {
      source_port_range {
        min = 443
        max = 443
      }
    }
  }
}

resource "oci_core_security_list" "mute" {
  vcn_id = oci_core_vcn.main.id
  ingress_security_rules {
    protocol  = "6"
    source    = "10.0.0.0/16"
    stateless = true
  }
}

resource "oci_core_security_list" "mixed" {
  vcn_id = oci_core_vcn.main.id
  ingress_security_rules {
    protocol = "all"
    source   = "10.0.0.0/16"
  }
  ingress_security_rules {
    protocol  = "6"
    source    = "10.0.0.0/16"
    stateless = true
    tcp_options {
      min = 443
      max = 443
    }
  }
}

resource "oci_core_subnet" "listed" {
  for_each   = { mirrored = "10.0.2.0/24", mute = "10.0.3.0/24", mixed = "10.0.4.0/24" }
  vcn_id     = oci_core_vcn.main.id
  cidr_block = each.value
  security_list_ids = [
    { mirrored = oci_core_security_list.mirrored.id, mute = oci_core_security_list.mute.id, mixed = oci_core_security_list.mixed.id }[each.key]
  ]
}

resource "oci_core_instance" "mirrored" {
  create_vnic_details {
    subnet_id = oci_core_subnet.listed["mirrored"].id
  }
}

resource "oci_core_instance" "mute" {
  create_vnic_details {
    subnet_id = oci_core_subnet.listed["mute"].id
  }
}

resource "oci_core_instance" "mixed" {
  create_vnic_details {
    subnet_id = oci_core_subnet.listed["mixed"].id
  }
}

# A local peering; the subnet on the other side has the default list.
resource "oci_core_local_peering_gateway" "a" {
  vcn_id  = oci_core_vcn.main.id
  peer_id = oci_core_local_peering_gateway.b.id
}

resource "oci_core_route_table" "a" {
  vcn_id = oci_core_vcn.main.id
  route_rules {
    destination       = "10.1.0.0/16"
    network_entity_id = oci_core_local_peering_gateway.a.id
  }
}

resource "oci_core_vcn" "other" {
  cidr_blocks = ["10.1.0.0/16"]
}

resource "oci_core_local_peering_gateway" "b" {
  vcn_id = oci_core_vcn.other.id
}

resource "oci_core_default_route_table" "other" {
  manage_default_resource_id = oci_core_vcn.other.default_route_table_id
  route_rules {
    destination       = "10.0.0.0/16"
    network_entity_id = oci_core_local_peering_gateway.b.id
  }
}

resource "oci_core_subnet" "b" {
  vcn_id     = oci_core_vcn.other.id
  cidr_block = "10.1.1.0/24"
}
