# AWS: a VPC with servers in private subnets and NAT (VPC User Guide, "Example: VPC with servers in private subnets").
# ask internet aws_lb.web tcp 443: yes, through aws_internet_gateway.main
# ask internet aws_lb.web tcp 80: no
# ask internet aws_instance.app tcp 8080: yes, through aws_lb.web
# ask internet aws_instance.app tcp 22: no, says has no public address
# ask internet aws_db_instance.orders tcp 5432: no, says has no public address
# ask aws_instance.app internet tcp 443: yes, through aws_nat_gateway.out
# ask aws_instance.app aws_db_instance.orders tcp 5432: yes
# ask aws_instance.app aws_db_instance.orders tcp 22: no, says aws_security_group.db
# ask aws_lb.web aws_db_instance.orders tcp 5432: no
# ask aws_db_instance.orders internet tcp 443: no, says aws_security_group.db
# ask aws_instance.app s3 tcp 443: yes, through aws_vpc_endpoint.s3
# ask 203.0.113.7 aws_lb.web tcp 443: yes
# ask 10.0.3.0/24 aws_db_instance.orders tcp 5432: yes
# ask 10.0.1.0/24 aws_db_instance.orders tcp 5432: no
resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}

resource "aws_internet_gateway" "main" {
  vpc_id = aws_vpc.main.id
}

resource "aws_subnet" "public" {
  for_each   = { a = "10.0.1.0/24", b = "10.0.2.0/24" }
  vpc_id     = aws_vpc.main.id
  cidr_block = each.value
}

resource "aws_subnet" "private" {
  for_each   = { a = "10.0.3.0/24", b = "10.0.4.0/24" }
  vpc_id     = aws_vpc.main.id
  cidr_block = each.value
}

resource "aws_route_table" "public" {
  vpc_id = aws_vpc.main.id
}

resource "aws_route" "public" {
  route_table_id         = aws_route_table.public.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.main.id
}

resource "aws_route_table_association" "public" {
  for_each       = aws_subnet.public
  subnet_id      = each.value.id
  route_table_id = aws_route_table.public.id
}

# The private subnets use the main route table.
resource "aws_default_route_table" "main" {
  default_route_table_id = aws_vpc.main.default_route_table_id

  route {
    cidr_block     = "0.0.0.0/0"
    nat_gateway_id = aws_nat_gateway.out.id
  }
}

resource "aws_eip" "out" {
  domain = "vpc"
}

resource "aws_nat_gateway" "out" {
  subnet_id     = aws_subnet.public["a"].id
  allocation_id = aws_eip.out.id
}

resource "aws_vpc_endpoint" "s3" {
  vpc_id          = aws_vpc.main.id
  service_name    = "com.amazonaws.eu-central-1.s3"
  route_table_ids = [aws_default_route_table.main.id]
}

resource "aws_security_group" "lb" {
  vpc_id = aws_vpc.main.id

  ingress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_vpc_security_group_egress_rule" "lb" {
  security_group_id            = aws_security_group.lb.id
  referenced_security_group_id = aws_security_group.app.id
  ip_protocol                  = "tcp"
  from_port                    = 8080
  to_port                      = 8080
}

resource "aws_security_group" "app" {
  vpc_id = aws_vpc.main.id

  ingress {
    from_port       = 8080
    to_port         = 8080
    protocol        = "tcp"
    security_groups = [aws_security_group.lb.id]
  }

  egress {
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_security_group" "db" {
  vpc_id = aws_vpc.main.id
}

resource "aws_security_group_rule" "db" {
  type                     = "ingress"
  security_group_id        = aws_security_group.db.id
  source_security_group_id = aws_security_group.app.id
  protocol                 = "tcp"
  from_port                = 5432
  to_port                  = 5432
}

resource "aws_lb" "web" {
  subnets         = [for s in aws_subnet.public : s.id]
  security_groups = [aws_security_group.lb.id]
  internal        = false
}

resource "aws_lb_target_group" "app" {
  port     = 8080
  protocol = "HTTP"
  vpc_id   = aws_vpc.main.id
}

resource "aws_lb_listener" "web" {
  load_balancer_arn = aws_lb.web.arn
  port              = 443
  protocol          = "HTTPS"

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.app.arn
  }
}

resource "aws_lb_target_group_attachment" "app" {
  target_group_arn = aws_lb_target_group.app.arn
  target_id        = aws_instance.app.id
}

resource "aws_instance" "app" {
  subnet_id              = aws_subnet.private["a"].id
  vpc_security_group_ids = [aws_security_group.app.id]
}

resource "aws_db_subnet_group" "orders" {
  subnet_ids = [for s in aws_subnet.private : s.id]
}

resource "aws_db_instance" "orders" {
  db_subnet_group_name   = aws_db_subnet_group.orders.name
  vpc_security_group_ids = [aws_security_group.db.id]
  publicly_accessible    = false
}
