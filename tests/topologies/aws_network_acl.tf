# AWS: network ACLs are ordered and stateless (VPC User Guide, "Custom network ACLs" and "Ephemeral ports").
# ask internet aws_instance.good tcp 443: yes
# ask internet aws_instance.good tcp 22: no, says refused by the inbound rules of aws_network_acl.good
# ask internet aws_instance.mute tcp 443: no, says the reply is refused by the outbound rules of aws_network_acl.mute
# ask 192.0.2.50 aws_instance.good tcp 443: no, says aws_network_acl.good
# ask internet aws_instance.good icmp 0: no
resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}

resource "aws_internet_gateway" "main" {
  vpc_id = aws_vpc.main.id
}

resource "aws_route" "out" {
  route_table_id         = aws_vpc.main.main_route_table_id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.main.id
}

resource "aws_subnet" "main" {
  for_each                = { good = "10.0.1.0/24", mute = "10.0.2.0/24" }
  vpc_id                  = aws_vpc.main.id
  cidr_block              = each.value
  map_public_ip_on_launch = true
}

resource "aws_network_acl" "good" {
  vpc_id     = aws_vpc.main.id
  subnet_ids = [aws_subnet.main["good"].id]

  ingress {
    rule_no    = 90
    action     = "deny"
    protocol   = "-1"
    cidr_block = "192.0.2.0/24"
    from_port  = 0
    to_port    = 0
  }

  ingress {
    rule_no    = 100
    action     = "allow"
    protocol   = "tcp"
    cidr_block = "0.0.0.0/0"
    from_port  = 443
    to_port    = 443
  }

  egress {
    rule_no    = 100
    action     = "allow"
    protocol   = "tcp"
    cidr_block = "0.0.0.0/0"
    from_port  = 1024
    to_port    = 65535
  }
}

resource "aws_network_acl" "mute" {
  vpc_id     = aws_vpc.main.id
  subnet_ids = [aws_subnet.main["mute"].id]
}

resource "aws_network_acl_rule" "in" {
  network_acl_id = aws_network_acl.mute.id
  rule_number    = 100
  rule_action    = "allow"
  protocol       = "-1"
  cidr_block     = "0.0.0.0/0"
}

resource "aws_network_acl_rule" "out" {
  network_acl_id = aws_network_acl.mute.id
  egress         = true
  rule_number    = 100
  rule_action    = "allow"
  protocol       = "tcp"
  cidr_block     = "0.0.0.0/0"
  from_port      = 443
  to_port        = 443
}

resource "aws_security_group" "all" {
  vpc_id = aws_vpc.main.id

  ingress {
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_instance" "good" {
  subnet_id              = aws_subnet.main["good"].id
  vpc_security_group_ids = [aws_security_group.all.id]
}

resource "aws_instance" "mute" {
  subnet_id              = aws_subnet.main["mute"].id
  vpc_security_group_ids = [aws_security_group.all.id]
}
