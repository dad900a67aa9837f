# AWS: IPv6 with an egress-only internet gateway (VPC User Guide, "Egress-only internet gateways").
# ask aws_subnet.private internet tcp 443: yes, through aws_egress_only_internet_gateway.out
# ask internet aws_instance.private tcp 443: no
# ask internet aws_instance.web tcp 443: yes
# ask 2a00:1450::1 aws_instance.web tcp 443: yes
# ask 8.8.8.8 aws_instance.web tcp 443: no
resource "aws_vpc" "main" {
  cidr_block      = "10.0.0.0/16"
  ipv6_cidr_block = "2a05:d014:abc:1000::/56"
}

resource "aws_internet_gateway" "main" {
  vpc_id = aws_vpc.main.id
}

resource "aws_egress_only_internet_gateway" "out" {
  vpc_id = aws_vpc.main.id
}

resource "aws_subnet" "private" {
  vpc_id          = aws_vpc.main.id
  cidr_block      = "10.0.1.0/24"
  ipv6_cidr_block = "2a05:d014:abc:1001::/64"
}

resource "aws_subnet" "public" {
  vpc_id          = aws_vpc.main.id
  cidr_block      = "10.0.2.0/24"
  ipv6_cidr_block = "2a05:d014:abc:1002::/64"
}

resource "aws_route_table" "private" {
  vpc_id = aws_vpc.main.id

  route {
    ipv6_cidr_block        = "::/0"
    egress_only_gateway_id = aws_egress_only_internet_gateway.out.id
  }
}

resource "aws_route_table_association" "private" {
  subnet_id      = aws_subnet.private.id
  route_table_id = aws_route_table.private.id
}

resource "aws_route_table" "public" {
  vpc_id = aws_vpc.main.id

  route {
    ipv6_cidr_block = "::/0"
    gateway_id      = aws_internet_gateway.main.id
  }
}

resource "aws_route_table_association" "public" {
  subnet_id      = aws_subnet.public.id
  route_table_id = aws_route_table.public.id
}

resource "aws_security_group" "web" {
  vpc_id = aws_vpc.main.id

  ingress {
    from_port        = 443
    to_port          = 443
    protocol         = "tcp"
    ipv6_cidr_blocks = ["::/0"]
  }
}

resource "aws_instance" "web" {
  subnet_id              = aws_subnet.public.id
  ipv6_addresses         = ["2a05:d014:abc:1002::10"]
  vpc_security_group_ids = [aws_security_group.web.id]
}

resource "aws_instance" "private" {
  subnet_id              = aws_subnet.private.id
  ipv6_addresses         = ["2a05:d014:abc:1001::10"]
  vpc_security_group_ids = [aws_security_group.web.id]
}
