# The database and the broker.

resource "random_password" "servers" {
  for_each = toset(["postgresql", "rabbitmq"])
  length   = 40
  special  = false
}

resource "aws_db_subnet_group" "this" {
  name       = var.environment
  subnet_ids = var.private_subnets
}

resource "aws_db_parameter_group" "this" {
  name_prefix = "${var.environment}-"
  family      = "postgres17"

  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }
}

resource "aws_db_instance" "this" {
  identifier             = var.environment
  engine                 = "postgres"
  engine_version         = "17"
  instance_class         = var.database_class
  allocated_storage      = 20
  max_allocated_storage  = 200
  storage_type           = "gp3"
  storage_encrypted      = true
  multi_az               = var.highly_available
  db_subnet_group_name   = aws_db_subnet_group.this.name
  parameter_group_name   = aws_db_parameter_group.this.name
  vpc_security_group_ids = [aws_security_group.servers.id]
  # The administrator, whose password no service knows.
  username                  = "administrator"
  password                  = random_password.servers["postgresql"].result
  backup_retention_period   = 14
  copy_tags_to_snapshot     = true
  deletion_protection       = true
  final_snapshot_identifier = "${var.environment}-last"
}

resource "aws_mq_broker" "this" {
  broker_name                = var.environment
  engine_type                = "RabbitMQ"
  engine_version             = "3.13"
  host_instance_type         = var.broker_type
  deployment_mode            = var.highly_available ? "CLUSTER_MULTI_AZ" : "SINGLE_INSTANCE"
  subnet_ids                 = var.highly_available ? var.private_subnets : [var.private_subnets[0]]
  security_groups            = [aws_security_group.servers.id]
  publicly_accessible        = false
  auto_minor_version_upgrade = true

  user {
    username = "shop"
    password = random_password.servers["rabbitmq"].result
  }
}
