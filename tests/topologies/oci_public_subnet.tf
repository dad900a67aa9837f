# OCI: a public subnet with the default security list (Networking, "Security Lists", "VCN Quickstart").
# ask internet oci_core_instance.web tcp 22: yes, through oci_core_internet_gateway.main
# ask internet oci_core_instance.web tcp 80: no, says refused by the ingress rules of oci_core_vcn.main
# ask oci_core_instance.web internet tcp 443: yes
# ask internet oci_core_instance.private tcp 22: no, says has no public address
# ask oci_core_instance.private internet tcp 443: yes, through oci_core_nat_gateway.out
# ask oci_core_instance.private services tcp 443: yes, through oci_core_service_gateway.oracle
# ask oci_core_instance.web oci_core_instance.private tcp 22: yes
# ask internet oci_core_instance.app tcp 8080: yes, through oci_load_balancer_load_balancer.web
# ask internet oci_core_instance.app tcp 22: no
# ask internet oci_load_balancer_load_balancer.web tcp 443: yes
resource "oci_core_vcn" "main" {
  cidr_blocks = ["10.0.0.0/16"]
}

resource "oci_core_internet_gateway" "main" {
  vcn_id = oci_core_vcn.main.id
}

resource "oci_core_nat_gateway" "out" {
  vcn_id = oci_core_vcn.main.id
}

data "oci_core_services" "all" {}

resource "oci_core_service_gateway" "oracle" {
  vcn_id = oci_core_vcn.main.id
  services {
    service_id = data.oci_core_services.all.services[0].id
  }
}

resource "oci_core_default_route_table" "main" {
  manage_default_resource_id = oci_core_vcn.main.default_route_table_id
  route_rules {
    destination       = "0.0.0.0/0"
    network_entity_id = oci_core_internet_gateway.main.id
  }
}

resource "oci_core_route_table" "private" {
  vcn_id = oci_core_vcn.main.id
  route_rules {
    destination       = "0.0.0.0/0"
    network_entity_id = oci_core_nat_gateway.out.id
  }
  route_rules {
    destination       = data.oci_core_services.all.services[0].cidr_block
    destination_type  = "SERVICE_CIDR_BLOCK"
    network_entity_id = oci_core_service_gateway.oracle.id
  }
}

resource "oci_core_subnet" "public" {
  vcn_id     = oci_core_vcn.main.id
  cidr_block = "10.0.1.0/24"
}

resource "oci_core_subnet" "private" {
  vcn_id                     = oci_core_vcn.main.id
  cidr_block                 = "10.0.2.0/24"
  prohibit_public_ip_on_vnic = true
  route_table_id             = oci_core_route_table.private.id
}

resource "oci_core_instance" "web" {
  create_vnic_details {
    subnet_id = oci_core_subnet.public.id
  }
}

resource "oci_core_instance" "private" {
  create_vnic_details {
    subnet_id = oci_core_subnet.private.id
  }
}

resource "oci_core_network_security_group" "lb" {
  vcn_id = oci_core_vcn.main.id
}

resource "oci_core_network_security_group" "app" {
  vcn_id = oci_core_vcn.main.id
}

resource "oci_core_network_security_group_security_rule" "lb" {
  network_security_group_id = oci_core_network_security_group.lb.id
  direction                 = "INGRESS"
  protocol                  = "6"
  source                    = "0.0.0.0/0"
  source_type               = "CIDR_BLOCK"
  tcp_options {
    destination_port_range {
      min = 443
      max = 443
    }
  }
}

resource "oci_core_network_security_group_security_rule" "app" {
  network_security_group_id = oci_core_network_security_group.app.id
  direction                 = "INGRESS"
  protocol                  = "6"
  source                    = oci_core_network_security_group.lb.id
  source_type               = "NETWORK_SECURITY_GROUP"
  tcp_options {
    destination_port_range {
      min = 8080
      max = 8080
    }
  }
}

resource "oci_load_balancer_load_balancer" "web" {
  subnet_ids                 = [oci_core_subnet.public.id]
  network_security_group_ids = [oci_core_network_security_group.lb.id]
}

resource "oci_load_balancer_backend_set" "app" {
  load_balancer_id = oci_load_balancer_load_balancer.web.id
  name             = "app"
}

resource "oci_load_balancer_listener" "web" {
  load_balancer_id         = oci_load_balancer_load_balancer.web.id
  default_backend_set_name = oci_load_balancer_backend_set.app.name
  port                     = 443
  protocol                 = "HTTP"
}

resource "oci_load_balancer_backend" "app" {
  load_balancer_id = oci_load_balancer_load_balancer.web.id
  backendset_name  = oci_load_balancer_backend_set.app.name
  ip_address       = oci_core_instance.app.private_ip
  port             = 8080
}

resource "oci_core_instance" "app" {
  create_vnic_details {
    subnet_id = oci_core_subnet.private.id
    nsg_ids   = [oci_core_network_security_group.app.id]
  }
}
