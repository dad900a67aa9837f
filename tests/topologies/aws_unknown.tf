# What the input does not say is unknown, and said.
# ask internet aws_instance.listed tcp 443: unknown, says aws_ec2_managed_prefix_list
# ask internet aws_instance.listed tcp 22: no
# ask internet aws_instance.guarded tcp 443: unknown, says var.admins
# ask internet aws_instance.guarded tcp 8443: yes
# ask internet aws_instance.elsewhere tcp 443: unknown, says data.aws_vpc.other
# ask internet aws_instance.counted tcp 443: unknown, says public address
# ask aws_subnet.office 10.9.0.1 tcp 443: unknown, says announces
variable "admins" {}
variable "public" {}

data "aws_ec2_managed_prefix_list" "cloudfront" {
  name = "com.amazonaws.global.cloudfront.origin-facing"
}

data "aws_vpc" "other" {}

resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}

resource "aws_internet_gateway" "main" {
  vpc_id = aws_vpc.main.id
}

resource "aws_vpn_gateway" "office" {
  vpc_id = aws_vpc.main.id
}

resource "aws_subnet" "main" {
  vpc_id     = aws_vpc.main.id
  cidr_block = "10.0.1.0/24"
}

resource "aws_subnet" "other" {
  vpc_id                  = data.aws_vpc.other.id
  cidr_block              = "10.7.1.0/24"
  map_public_ip_on_launch = true
}

resource "aws_route_table" "main" {
  vpc_id           = aws_vpc.main.id
  propagating_vgws = [aws_vpn_gateway.office.id]

  dynamic "route" {
    for_each = ["0.0.0.0/1", "128.0.0.0/1"]
    content {
      cidr_block = route.value
      gateway_id = aws_internet_gateway.main.id
    }
  }
}

resource "aws_route_table" "office" {
  vpc_id           = aws_vpc.main.id
  propagating_vgws = [aws_vpn_gateway.office.id]
}

resource "aws_subnet" "office" {
  vpc_id     = aws_vpc.main.id
  cidr_block = "10.0.2.0/24"
}

resource "aws_route_table_association" "office" {
  subnet_id      = aws_subnet.office.id
  route_table_id = aws_route_table.office.id
}

resource "aws_route_table_association" "main" {
  subnet_id      = aws_subnet.main.id
  route_table_id = aws_route_table.main.id
}

resource "aws_security_group" "listed" {
  vpc_id = aws_vpc.main.id

  ingress {
    from_port       = 443
    to_port         = 443
    protocol        = "tcp"
    prefix_list_ids = [data.aws_ec2_managed_prefix_list.cloudfront.id]
  }
}

resource "aws_security_group" "guarded" {
  vpc_id = aws_vpc.main.id

  ingress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = var.admins
  }

  ingress {
    from_port   = 8443
    to_port     = 8443
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }

  egress {
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_instance" "listed" {
  subnet_id                   = aws_subnet.main.id
  associate_public_ip_address = true
  vpc_security_group_ids      = [aws_security_group.listed.id]
}

resource "aws_instance" "guarded" {
  subnet_id                   = aws_subnet.main.id
  associate_public_ip_address = true
  vpc_security_group_ids      = [aws_security_group.guarded.id]
}

resource "aws_instance" "elsewhere" {
  subnet_id              = aws_subnet.other.id
  vpc_security_group_ids = [aws_security_group.guarded.id]
}

resource "aws_instance" "counted" {
  subnet_id                   = aws_subnet.main.id
  associate_public_ip_address = var.public
  vpc_security_group_ids      = [aws_security_group.guarded.id]
}
