# Who may do what. The texts of the policies are in deploy/beanstalk/iam.

data "aws_caller_identity" "current" {}

locals {
  account    = data.aws_caller_identity.current.account_id
  parameters = "/${var.application}/${var.environment}"
  iam        = "${path.module}/../../beanstalk/iam"
}

resource "aws_iam_openid_connect_provider" "github" {
  count          = var.make_shared ? 1 : 0
  url            = "https://token.actions.githubusercontent.com"
  client_id_list = ["sts.amazonaws.com"]
}

resource "aws_iam_role" "deploy" {
  name = "${var.environment}-deploy"
  assume_role_policy = templatefile("${local.iam}/trust.json", {
    account            = local.account
    repository         = var.repository
    github_environment = var.github_environment
  })
}

resource "aws_iam_role_policy" "deploy" {
  name = "deploy"
  role = aws_iam_role.deploy.id
  policy = templatefile("${local.iam}/deploy.json", {
    account        = local.account
    region         = var.region
    application    = var.application
    environment    = var.environment
    environment_id = aws_elastic_beanstalk_environment.this.id
    bucket         = local.bundles
  })
}

resource "aws_iam_role" "instance" {
  name = "${var.environment}-instance"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ec2.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "instance" {
  name = "secrets"
  role = aws_iam_role.instance.id
  policy = templatefile("${local.iam}/instance.json", {
    account    = local.account
    region     = var.region
    parameters = local.parameters
  })
}

# What Elastic Beanstalk itself needs of an instance: logs, health, its own buckets.
resource "aws_iam_role_policy_attachment" "instance" {
  role       = aws_iam_role.instance.name
  policy_arn = "arn:aws:iam::aws:policy/AWSElasticBeanstalkWebTier"
}

# People reach an instance by Session Manager, and no other way.
resource "aws_iam_role_policy_attachment" "session_manager" {
  role       = aws_iam_role.instance.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
}

resource "aws_iam_instance_profile" "instance" {
  name = "${var.environment}-instance"
  role = aws_iam_role.instance.name
}
