# The Terraform that would have made the tenancy of oci_tenancy.py with one copy of each, as people write it.

locals {
  kinds  = { good0 = true, bad0 = false }
  places = { good0 = "ocid1.compartment.oc1..c1", bad0 = "ocid1.compartment.oc1..c0" }
}

resource "oci_core_vcn" "all" {
  for_each       = local.kinds
  compartment_id = local.places[each.key]
  cidr_blocks    = ["10.0.0.0/16"]
  display_name   = each.key
}
resource "oci_core_nat_gateway" "all" {
  for_each       = local.kinds
  compartment_id = local.places[each.key]
  vcn_id         = oci_core_vcn.all[each.key].id
}
resource "oci_core_route_table" "all" {
  for_each       = local.kinds
  compartment_id = local.places[each.key]
  vcn_id         = oci_core_vcn.all[each.key].id
  route_rules {
    destination       = "0.0.0.0/0"
    destination_type  = "CIDR_BLOCK"
    network_entity_id = oci_core_nat_gateway.all[each.key].id
  }
}
resource "oci_core_security_list" "all" {
  for_each       = { good0 = "10.0.0.0/8", bad0 = "0.0.0.0/0" }
  compartment_id = local.places[each.key]
  vcn_id         = oci_core_vcn.all[each.key].id
  ingress_security_rules {
    protocol  = 6
    source    = each.value
    stateless = true
    tcp_options {
      min = 22
      max = 22
    }
  }
}
resource "oci_core_subnet" "all" {
  for_each                   = local.kinds
  compartment_id             = local.places[each.key]
  vcn_id                     = oci_core_vcn.all[each.key].id
  cidr_block                 = "10.0.1.0/24"
  display_name               = "apps-${each.key}"
  route_table_id             = oci_core_route_table.all[each.key].id
  security_list_ids          = [oci_core_security_list.all[each.key].id]
  prohibit_public_ip_on_vnic = each.value
  prohibit_internet_ingress  = tostring(each.value)
}
resource "oci_load_balancer_load_balancer" "all" {
  for_each       = local.kinds
  compartment_id = local.places[each.key]
  display_name   = each.key
  shape          = "flexible"
  subnet_ids     = ["ocid1.subnet.oc1.eu-frankfurt-1.${each.key}edge"]
  is_private     = each.value
}
resource "oci_load_balancer_listener" "all" {
  for_each                 = local.kinds
  load_balancer_id         = oci_load_balancer_load_balancer.all[each.key].id
  name                     = "web"
  default_backend_set_name = "web"
  port                     = 80
  protocol                 = "HTTP"
}
resource "oci_network_firewall_network_firewall_policy" "all" {
  for_each       = local.kinds
  compartment_id = local.places[each.key]
  display_name   = each.key
}
resource "oci_network_firewall_network_firewall_policy_security_rule" "first" {
  for_each                   = { good0 = ["inside"], bad0 = [] }
  network_firewall_policy_id = oci_network_firewall_network_firewall_policy.all[each.key].id
  name                       = "first"
  action                     = "ALLOW"
  condition {
    source_address      = each.value
    destination_address = []
  }
}
resource "oci_logging_log_group" "flow" {
  compartment_id = local.places["good0"]
  display_name   = "flow"
}
resource "oci_logging_log" "flow" {
  log_group_id = oci_logging_log_group.flow.id
  display_name = "flow"
  log_type     = "SERVICE"
  is_enabled   = true
  configuration {
    source {
      source_type = "OCISERVICE"
      service     = "flowlogs"
      resource    = oci_core_subnet.all["good0"].id
      category    = "all"
    }
  }
}
resource "oci_objectstorage_bucket" "all" {
  for_each       = local.kinds
  compartment_id = local.places[each.key]
  namespace      = "plane"
  name           = each.key
  access_type    = each.value ? "NoPublicAccess" : "ObjectRead"
  versioning     = each.value ? "Enabled" : "Disabled"
}
resource "oci_core_volume" "all" {
  for_each            = local.kinds
  compartment_id      = local.places[each.key]
  availability_domain = "AD-1"
  display_name        = each.key
  kms_key_id          = each.value ? oci_kms_key.all[each.key].id : null
}
resource "oci_core_instance" "all" {
  for_each            = local.kinds
  compartment_id      = local.places[each.key]
  availability_domain = "AD-1"
  display_name        = each.key
  shape               = "VM.Standard.E5.Flex"
  metadata            = { user_data = "c2VjcmV0" }
  instance_options {
    are_legacy_imds_endpoints_disabled = each.value
  }
}
resource "oci_functions_application" "all" {
  for_each       = { good0 = { REGION = "eu" }, bad0 = { DB_PASSWORD = "hunter2hunter2" } }
  compartment_id = local.places[each.key]
  display_name   = each.key
  subnet_ids     = [oci_core_subnet.all[each.key].id]
  config         = each.value
}
resource "oci_apigateway_gateway" "all" {
  for_each       = local.kinds
  compartment_id = local.places[each.key]
  display_name   = each.key
  endpoint_type  = "PRIVATE"
  subnet_id      = "ocid1.subnet.oc1.eu-frankfurt-1.${each.key}edge"
}
resource "oci_apigateway_deployment" "all" {
  for_each       = local.kinds
  compartment_id = local.places[each.key]
  display_name   = each.key
  gateway_id     = oci_apigateway_gateway.all[each.key].id
  path_prefix    = "/"
  specification {
    request_policies {
      cors {
        allowed_origins = [each.value ? "https://shop.example.com" : "*"]
      }
      dynamic "rate_limiting" {
        for_each = each.value ? [10] : []
        content {
          rate_in_requests_per_second = rate_limiting.value
          rate_key                    = "CLIENT_IP"
        }
      }
    }
    routes {
      path    = "/"
      methods = ["GET"]
      backend {
        type        = "ORACLE_FUNCTIONS_BACKEND"
        function_id = "ocid1.fnfunc.oc1.eu-frankfurt-1.${each.key}"
      }
    }
  }
}
resource "oci_database_autonomous_database" "all" {
  for_each        = local.kinds
  compartment_id  = local.places[each.key]
  display_name    = each.key
  whitelisted_ips = each.value ? ["198.51.100.7"] : null
  kms_key_id      = each.value ? oci_kms_key.all[each.key].id : null
}
resource "oci_identity_policy" "all" {
  for_each = {
    good0 = ["Allow group Operators to read buckets in tenancy"]
    bad0  = ["Allow any-user to read buckets in tenancy", "Allow group Interns to manage all-resources in tenancy"]
  }
  compartment_id = local.places[each.key]
  description    = each.key
  name           = each.key
  statements     = each.value
}
resource "oci_kms_vault" "all" {
  for_each       = local.kinds
  compartment_id = local.places[each.key]
  display_name   = each.key
  vault_type     = "DEFAULT"
}
resource "oci_kms_key" "all" {
  for_each            = local.kinds
  compartment_id      = local.places[each.key]
  display_name        = each.key
  management_endpoint = oci_kms_vault.all[each.key].management_endpoint
  protection_mode     = each.value ? "HSM" : "SOFTWARE"
  key_shape {
    algorithm = "AES"
    length    = 32
  }
}
resource "oci_vault_secret" "all" {
  for_each       = local.kinds
  compartment_id = local.places[each.key]
  key_id         = oci_kms_key.all[each.key].id
  secret_name    = each.key
  vault_id       = oci_kms_vault.all[each.key].id
  dynamic "secret_rules" {
    for_each = each.value ? ["P90D"] : []
    content {
      rule_type                      = "SECRET_EXPIRY_RULE"
      secret_version_expiry_interval = secret_rules.value
    }
  }
}
resource "oci_containerengine_cluster" "all" {
  for_each           = local.kinds
  compartment_id     = local.places[each.key]
  name               = each.key
  kubernetes_version = "v1.34.1"
  type               = "ENHANCED_CLUSTER"
  vcn_id             = oci_core_vcn.all[each.key].id
  endpoint_config {
    is_public_ip_enabled = !each.value
    subnet_id            = oci_core_subnet.all[each.key].id
  }
}
resource "oci_queue_queue" "all" {
  for_each                         = local.kinds
  compartment_id                   = local.places[each.key]
  display_name                     = each.key
  dead_letter_queue_delivery_count = each.value ? 5 : 0
}
resource "oci_artifacts_container_repository" "all" {
  for_each       = local.kinds
  compartment_id = local.places[each.key]
  display_name   = each.key
  is_public      = !each.value
  is_immutable   = true
}
resource "oci_ons_notification_topic" "all" {
  for_each       = local.kinds
  compartment_id = local.places[each.key]
  name           = each.key
}
resource "oci_ons_subscription" "good" {
  compartment_id = local.places["good0"]
  topic_id       = oci_ons_notification_topic.all["good0"].id
  protocol       = "EMAIL"
  endpoint       = "ops@example.com"
}
resource "oci_monitoring_alarm" "all" {
  for_each              = local.kinds
  compartment_id        = local.places[each.key]
  metric_compartment_id = local.places[each.key]
  display_name          = each.key
  destinations          = [oci_ons_notification_topic.all[each.key].id]
  is_enabled            = true
  namespace             = "oci_computeagent"
  query                 = "CpuUtilization[1m].mean() > 80"
  severity              = "CRITICAL"
}
