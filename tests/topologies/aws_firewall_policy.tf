# AWS: stateless rules by priority, then the stateful engine (Network Firewall, "Stateless and stateful rules engines",
# "Evaluation order for stateful rule groups").
# ask aws_subnet.app internet tcp 443: yes, through aws_networkfirewall_firewall.main
# ask aws_subnet.app internet tcp 8443: unknown, says more than addresses and ports
# ask aws_subnet.app internet tcp 22: no, says refused by the rules of aws_networkfirewall_firewall_policy.main
# ask aws_subnet.app 203.0.113.9 tcp 443: no, says refused by the rules of aws_networkfirewall_firewall_policy.main
# ask aws_subnet.app internet udp 53: yes
# ask aws_subnet.app internet udp 123: no, says the reply is refused by
# ask aws_subnet.app internet udp 99: no
# ask aws_subnet.loose internet tcp 22: no, says aws_networkfirewall_firewall_policy.loose
# ask aws_subnet.loose internet tcp 23: yes
# ask aws_subnet.loose internet tcp 80: unknown, says depends on the domain
resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}

resource "aws_internet_gateway" "main" {
  vpc_id = aws_vpc.main.id
}

resource "aws_subnet" "firewall" {
  for_each   = { main = "10.0.0.0/28", loose = "10.0.0.16/28" }
  vpc_id     = aws_vpc.main.id
  cidr_block = each.value
}

resource "aws_subnet" "app" {
  vpc_id     = aws_vpc.main.id
  cidr_block = "10.0.1.0/24"
}

resource "aws_subnet" "loose" {
  vpc_id     = aws_vpc.main.id
  cidr_block = "10.0.2.0/24"
}

resource "aws_networkfirewall_firewall" "main" {
  name                = "main"
  vpc_id              = aws_vpc.main.id
  firewall_policy_arn = aws_networkfirewall_firewall_policy.main.arn
  subnet_mapping {
    subnet_id = aws_subnet.firewall["main"].id
  }
}

resource "aws_networkfirewall_firewall" "loose" {
  name                = "loose"
  vpc_id              = aws_vpc.main.id
  firewall_policy_arn = aws_networkfirewall_firewall_policy.loose.arn
  subnet_mapping {
    subnet_id = aws_subnet.firewall["loose"].id
  }
}

resource "aws_route_table" "edge" {
  vpc_id = aws_vpc.main.id
  route {
    cidr_block      = aws_subnet.app.cidr_block
    vpc_endpoint_id = tolist(aws_networkfirewall_firewall.main.firewall_status[0].sync_states)[0].attachment[0].endpoint_id
  }
  route {
    cidr_block      = aws_subnet.loose.cidr_block
    vpc_endpoint_id = tolist(aws_networkfirewall_firewall.loose.firewall_status[0].sync_states)[0].attachment[0].endpoint_id
  }
}

resource "aws_route_table_association" "edge" {
  gateway_id     = aws_internet_gateway.main.id
  route_table_id = aws_route_table.edge.id
}

resource "aws_default_route_table" "out" {
  default_route_table_id = aws_vpc.main.default_route_table_id
  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.main.id
  }
}

resource "aws_route_table" "app" {
  vpc_id = aws_vpc.main.id
  route {
    cidr_block      = "0.0.0.0/0"
    vpc_endpoint_id = tolist(aws_networkfirewall_firewall.main.firewall_status[0].sync_states)[0].attachment[0].endpoint_id
  }
}

resource "aws_route_table_association" "app" {
  subnet_id      = aws_subnet.app.id
  route_table_id = aws_route_table.app.id
}

resource "aws_route_table" "loose" {
  vpc_id = aws_vpc.main.id
  route {
    cidr_block      = "0.0.0.0/0"
    vpc_endpoint_id = tolist(aws_networkfirewall_firewall.loose.firewall_status[0].sync_states)[0].attachment[0].endpoint_id
  }
}

resource "aws_route_table_association" "loose" {
  subnet_id      = aws_subnet.loose.id
  route_table_id = aws_route_table.loose.id
}

# Strict order: what nothing passes is dropped. One stateless rule lets time out and forgets its reply.
resource "aws_networkfirewall_firewall_policy" "main" {
  name = "main"
  firewall_policy {
    stateless_default_actions          = ["aws:forward_to_sfe"]
    stateless_fragment_default_actions = ["aws:forward_to_sfe"]
    stateful_default_actions           = ["aws:drop_strict"]
    stateful_engine_options {
      rule_order = "STRICT_ORDER"
    }
    stateless_rule_group_reference {
      priority     = 10
      resource_arn = aws_networkfirewall_rule_group.time.arn
    }
    stateful_rule_group_reference {
      priority     = 20
      resource_arn = aws_networkfirewall_rule_group.web.arn
    }
    stateful_rule_group_reference {
      priority     = 10
      resource_arn = aws_networkfirewall_rule_group.bad.arn
    }
  }
}

resource "aws_networkfirewall_rule_group" "time" {
  name     = "time"
  type     = "STATELESS"
  capacity = 10
  rule_group {
    rules_source {
      stateless_rules_and_custom_actions {
        stateless_rule {
          priority = 1
          rule_definition {
            actions = ["aws:pass"]
            match_attributes {
              protocols = [17]
              source {
                address_definition = "10.0.0.0/16"
              }
              destination {
                address_definition = "0.0.0.0/0"
              }
              destination_port {
                from_port = 123
                to_port   = 123
              }
            }
          }
        }
        stateless_rule {
          priority = 2
          rule_definition {
            actions = ["aws:drop"]
            match_attributes {
              protocols = [17]
              source_port {
                from_port = 123
                to_port   = 123
              }
            }
          }
        }
      }
    }
  }
}

resource "aws_networkfirewall_rule_group" "bad" {
  name     = "bad"
  type     = "STATEFUL"
  capacity = 10
  rule_group {
    rules_source {
      stateful_rule {
        action = "DROP"
        header {
          protocol         = "IP"
          source           = "ANY"
          source_port      = "ANY"
          direction        = "FORWARD"
          destination      = "203.0.113.0/24"
          destination_port = "ANY"
        }
        rule_option {
          keyword  = "sid"
          settings = ["1"]
        }
      }
    }
    stateful_rule_options {
      rule_order = "STRICT_ORDER"
    }
  }
}

resource "aws_networkfirewall_rule_group" "web" {
  name     = "web"
  type     = "STATEFUL"
  capacity = 10
  rule_group {
    rule_variables {
      ip_sets {
        key = "OURS"
        ip_set {
          definition = ["10.0.0.0/16"]
        }
      }
      port_sets {
        key = "WEB"
        port_set {
          definition = ["443", "444:445"]
        }
      }
    }
    rules_source {
      rules_string = <<-EOT
        # the web, and names
        alert tcp any any -> any any (msg:"seen"; sid:9;)
        pass tcp $OURS any -> !203.0.113.0/24 $WEB (msg:"web"; sid:10; rev:1;)
        pass udp [10.0.0.0/17,10.0.128.0/17] any <> any 53 (sid:11;)
        pass tls $OURS any -> any 8443 (tls.sni; content:"example.com"; sid:12;)
      EOT
    }
  }
}

# The default order: what is passed, then what is dropped; the rest passes.
resource "aws_networkfirewall_firewall_policy" "loose" {
  name = "loose"
  firewall_policy {
    stateless_default_actions          = ["aws:forward_to_sfe"]
    stateless_fragment_default_actions = ["aws:forward_to_sfe"]
    stateful_rule_group_reference {
      resource_arn = aws_networkfirewall_rule_group.loose.arn
    }
    stateful_rule_group_reference {
      resource_arn = aws_networkfirewall_rule_group.domains.arn
    }
  }
}

resource "aws_networkfirewall_rule_group" "loose" {
  name     = "loose"
  type     = "STATEFUL"
  capacity = 10
  rules    = <<-EOT
    drop tcp any any -> any 22:23 (sid:1;)
    pass tcp any any -> any 23 (sid:2;)
  EOT
}

resource "aws_networkfirewall_rule_group" "domains" {
  name     = "domains"
  type     = "STATEFUL"
  capacity = 10
  rule_group {
    rules_source {
      rules_source_list {
        generated_rules_type = "DENYLIST"
        target_types         = ["HTTP_HOST", "TLS_SNI"]
        targets              = [".bad.example"]
      }
    }
  }
}
