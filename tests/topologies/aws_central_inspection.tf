# AWS: centralised inspection and egress (Network Firewall, "Deployment models for AWS Network Firewall": the inspection
# VPC behind a transit gateway holds the firewall, NAT and the internet gateway).
# ask aws_instance.app internet tcp 443: yes, through aws_networkfirewall_firewall.main, through aws_nat_gateway.out
# ask aws_instance.app aws_instance.data tcp 5432: yes, through aws_networkfirewall_firewall.main
# ask internet aws_instance.app tcp 443: no
# passes aws-firewall-bypass
resource "aws_ec2_transit_gateway" "main" {
  default_route_table_association = "disable"
  default_route_table_propagation = "disable"
}

resource "aws_ec2_transit_gateway_route_table" "spokes" {
  transit_gateway_id = aws_ec2_transit_gateway.main.id
}

resource "aws_ec2_transit_gateway_route_table" "inspection" {
  transit_gateway_id = aws_ec2_transit_gateway.main.id
}

resource "aws_ec2_transit_gateway_route" "spokes" {
  transit_gateway_route_table_id = aws_ec2_transit_gateway_route_table.spokes.id
  destination_cidr_block         = "0.0.0.0/0"
  transit_gateway_attachment_id  = aws_ec2_transit_gateway_vpc_attachment.inspection.id
}

locals {
  spokes = { app = "10.1.0.0/16", data = "10.2.0.0/16" }
}

resource "aws_vpc" "spoke" {
  for_each   = local.spokes
  cidr_block = each.value
}

resource "aws_subnet" "spoke" {
  for_each   = local.spokes
  vpc_id     = aws_vpc.spoke[each.key].id
  cidr_block = cidrsubnet(each.value, 8, 1)
}

resource "aws_route" "spoke" {
  for_each               = local.spokes
  route_table_id         = aws_vpc.spoke[each.key].main_route_table_id
  destination_cidr_block = "0.0.0.0/0"
  transit_gateway_id     = aws_ec2_transit_gateway.main.id
}

resource "aws_ec2_transit_gateway_vpc_attachment" "spoke" {
  for_each           = local.spokes
  transit_gateway_id = aws_ec2_transit_gateway.main.id
  vpc_id             = aws_vpc.spoke[each.key].id
  subnet_ids         = [aws_subnet.spoke[each.key].id]
}

resource "aws_ec2_transit_gateway_route_table_association" "spoke" {
  for_each                       = local.spokes
  transit_gateway_attachment_id  = aws_ec2_transit_gateway_vpc_attachment.spoke[each.key].id
  transit_gateway_route_table_id = aws_ec2_transit_gateway_route_table.spokes.id
}

resource "aws_ec2_transit_gateway_route_table_propagation" "spoke" {
  for_each                       = local.spokes
  transit_gateway_attachment_id  = aws_ec2_transit_gateway_vpc_attachment.spoke[each.key].id
  transit_gateway_route_table_id = aws_ec2_transit_gateway_route_table.inspection.id
}

resource "aws_vpc" "inspection" {
  cidr_block = "100.64.0.0/16"
}

resource "aws_internet_gateway" "main" {
  vpc_id = aws_vpc.inspection.id
}

resource "aws_subnet" "inspection" {
  for_each   = { transit = "100.64.0.0/24", firewall = "100.64.1.0/24", public = "100.64.2.0/24" }
  vpc_id     = aws_vpc.inspection.id
  cidr_block = each.value
}

resource "aws_ec2_transit_gateway_vpc_attachment" "inspection" {
  transit_gateway_id     = aws_ec2_transit_gateway.main.id
  vpc_id                 = aws_vpc.inspection.id
  subnet_ids             = [aws_subnet.inspection["transit"].id]
  appliance_mode_support = "enable"
}

resource "aws_ec2_transit_gateway_route_table_association" "inspection" {
  transit_gateway_attachment_id  = aws_ec2_transit_gateway_vpc_attachment.inspection.id
  transit_gateway_route_table_id = aws_ec2_transit_gateway_route_table.inspection.id
}

resource "aws_networkfirewall_firewall" "main" {
  name                = "main"
  firewall_policy_arn = "arn:aws:network-firewall:eu-central-1:111122223333:firewall-policy/main"
  vpc_id              = aws_vpc.inspection.id

  subnet_mapping {
    subnet_id = aws_subnet.inspection["firewall"].id
  }
}

locals {
  endpoint = one([for s in aws_networkfirewall_firewall.main.firewall_status[0].sync_states : s.attachment[0].endpoint_id])
}

resource "aws_eip" "out" {
  domain = "vpc"
}

resource "aws_nat_gateway" "out" {
  subnet_id     = aws_subnet.inspection["public"].id
  allocation_id = aws_eip.out.id
}

resource "aws_route_table" "inspection" {
  for_each = aws_subnet.inspection
  vpc_id   = aws_vpc.inspection.id
}

resource "aws_route_table_association" "inspection" {
  for_each       = aws_subnet.inspection
  subnet_id      = each.value.id
  route_table_id = aws_route_table.inspection[each.key].id
}

resource "aws_route" "transit" {
  route_table_id         = aws_route_table.inspection["transit"].id
  destination_cidr_block = "0.0.0.0/0"
  vpc_endpoint_id        = local.endpoint
}

resource "aws_route" "firewall_out" {
  route_table_id         = aws_route_table.inspection["firewall"].id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.out.id
}

resource "aws_route" "firewall_back" {
  route_table_id         = aws_route_table.inspection["firewall"].id
  destination_cidr_block = "10.0.0.0/8"
  transit_gateway_id     = aws_ec2_transit_gateway.main.id
}

resource "aws_route" "public_out" {
  route_table_id         = aws_route_table.inspection["public"].id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.main.id
}

resource "aws_route" "public_back" {
  route_table_id         = aws_route_table.inspection["public"].id
  destination_cidr_block = "10.0.0.0/8"
  vpc_endpoint_id        = local.endpoint
}

resource "aws_security_group" "all" {
  for_each = local.spokes
  vpc_id   = aws_vpc.spoke[each.key].id

  ingress {
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["10.0.0.0/8"]
  }

  egress {
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_instance" "app" {
  subnet_id              = aws_subnet.spoke["app"].id
  vpc_security_group_ids = [aws_security_group.all["app"].id]
}

resource "aws_instance" "data" {
  subnet_id              = aws_subnet.spoke["data"].id
  vpc_security_group_ids = [aws_security_group.all["data"].id]
}
