# Who may reach what: docs/operations.md has the table.

resource "aws_security_group" "balancer" {
  name_prefix = "${var.environment}-balancer-"
  description = "Everybody, by TLS and by HTTP that leads there"
  vpc_id      = var.vpc
}

resource "aws_vpc_security_group_ingress_rule" "clients" {
  for_each          = toset(["80", "443"])
  security_group_id = aws_security_group.balancer.id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = tonumber(each.key)
  to_port           = tonumber(each.key)
}

resource "aws_vpc_security_group_egress_rule" "balancer" {
  security_group_id            = aws_security_group.balancer.id
  referenced_security_group_id = aws_security_group.instances.id
  ip_protocol                  = "tcp"
  from_port                    = 80
  to_port                      = 80
}

resource "aws_security_group" "instances" {
  name_prefix = "${var.environment}-instances-"
  description = "The load balancer alone"
  vpc_id      = var.vpc
}

resource "aws_vpc_security_group_ingress_rule" "instances" {
  security_group_id            = aws_security_group.instances.id
  referenced_security_group_id = aws_security_group.balancer.id
  ip_protocol                  = "tcp"
  from_port                    = 80
  to_port                      = 80
}

resource "aws_vpc_security_group_egress_rule" "instances" {
  security_group_id = aws_security_group.instances.id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "-1"
}

resource "aws_security_group" "servers" {
  name_prefix = "${var.environment}-servers-"
  description = "PostgreSQL and RabbitMQ: the instances alone"
  vpc_id      = var.vpc
}

resource "aws_vpc_security_group_ingress_rule" "servers" {
  for_each                     = { postgresql = 5432, amqps = 5671 }
  security_group_id            = aws_security_group.servers.id
  referenced_security_group_id = aws_security_group.instances.id
  ip_protocol                  = "tcp"
  from_port                    = each.value
  to_port                      = each.value
}
