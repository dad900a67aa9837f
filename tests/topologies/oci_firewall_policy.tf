# OCI: what the ordered rules of a network firewall policy let through (Network Firewall, "Firewall policy rule
# components": the first rule that matches decides, what none matches is dropped).
# ask oci_core_subnet.app internet tcp 443: yes, through oci_network_firewall_network_firewall.main
# ask oci_core_subnet.app 203.0.113.9 tcp 443: no, says refused by the rules of oci_network_firewall_network_firewall_policy.main
# ask oci_core_subnet.app internet tcp 22: no, says refused by the rules of oci_network_firewall_network_firewall_policy.main
# ask oci_core_subnet.app internet tcp 8080: unknown, says depends on the application or the URL
resource "oci_core_vcn" "main" {
  cidr_blocks = ["10.0.0.0/16"]
}

resource "oci_core_nat_gateway" "out" {
  vcn_id         = oci_core_vcn.main.id
  route_table_id = oci_core_route_table.back.id
}

resource "oci_core_route_table" "back" {
  vcn_id = oci_core_vcn.main.id
  route_rules {
    destination       = "10.0.2.0/24"
    network_entity_id = oci_core_private_ip.firewall.id
  }
}

resource "oci_core_default_security_list" "open" {
  manage_default_resource_id = oci_core_vcn.main.default_security_list_id
  ingress_security_rules {
    protocol = "all"
    source   = "0.0.0.0/0"
  }
  egress_security_rules {
    protocol    = "all"
    destination = "0.0.0.0/0"
  }
}

resource "oci_core_route_table" "firewall" {
  vcn_id = oci_core_vcn.main.id
  route_rules {
    destination       = "0.0.0.0/0"
    network_entity_id = oci_core_nat_gateway.out.id
  }
}

resource "oci_core_subnet" "firewall" {
  vcn_id         = oci_core_vcn.main.id
  cidr_block     = "10.0.1.0/24"
  route_table_id = oci_core_route_table.firewall.id
}

resource "oci_core_private_ip" "firewall" {
  ip_address = "10.0.1.10"
  subnet_id  = oci_core_subnet.firewall.id
}

resource "oci_core_route_table" "app" {
  vcn_id = oci_core_vcn.main.id
  route_rules {
    destination       = "0.0.0.0/0"
    network_entity_id = oci_core_private_ip.firewall.id
  }
}

resource "oci_core_subnet" "app" {
  vcn_id         = oci_core_vcn.main.id
  cidr_block     = "10.0.2.0/24"
  route_table_id = oci_core_route_table.app.id
}

resource "oci_network_firewall_network_firewall" "main" {
  network_firewall_policy_id = oci_network_firewall_network_firewall_policy.main.id
  subnet_id                  = oci_core_subnet.firewall.id
  ipv4address                = "10.0.1.10"
}

resource "oci_network_firewall_network_firewall_policy" "main" {
  display_name = "main"
}

resource "oci_network_firewall_network_firewall_policy_address_list" "lists" {
  for_each                   = { ours = ["10.0.0.0/16"], bad = ["203.0.113.0/24"] }
  network_firewall_policy_id = oci_network_firewall_network_firewall_policy.main.id
  name                       = each.key
  type                       = "IP"
  addresses                  = each.value
}

resource "oci_network_firewall_network_firewall_policy_service" "services" {
  for_each                   = { https = 443, proxy = 8080 }
  network_firewall_policy_id = oci_network_firewall_network_firewall_policy.main.id
  name                       = each.key
  type                       = "TCP_SERVICE"
  port_ranges {
    minimum_port = each.value
  }
}

resource "oci_network_firewall_network_firewall_policy_service_list" "web" {
  network_firewall_policy_id = oci_network_firewall_network_firewall_policy.main.id
  name                       = "web"
  services                   = ["https"]
}

resource "oci_network_firewall_network_firewall_policy_security_rule" "bad" {
  network_firewall_policy_id = oci_network_firewall_network_firewall_policy.main.id
  name                       = "bad"
  action                     = "DROP"
  condition {
    destination_address = ["bad"]
  }
}

resource "oci_network_firewall_network_firewall_policy_security_rule" "web" {
  network_firewall_policy_id = oci_network_firewall_network_firewall_policy.main.id
  name                       = "web"
  action                     = "INSPECT"
  inspection                 = "INTRUSION_PREVENTION"
  condition {
    source_address = [oci_network_firewall_network_firewall_policy_address_list.lists["ours"].name]
    service        = ["web"]
  }
  position {
    after_rule = "bad"
  }
}

resource "oci_network_firewall_network_firewall_policy_security_rule" "sites" {
  network_firewall_policy_id = oci_network_firewall_network_firewall_policy.main.id
  name                       = "sites"
  action                     = "ALLOW"
  condition {
    service = ["proxy"]
    url     = ["known-sites"]
  }
  position {
    after_rule = "web"
  }
}
