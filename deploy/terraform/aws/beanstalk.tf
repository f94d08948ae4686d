# The application and one environment of it. What is the same for all of them is in the bundle, in .ebextensions.

resource "aws_s3_bucket" "bundles" {
  bucket_prefix = "${var.environment}-"
}

resource "aws_s3_bucket_public_access_block" "bundles" {
  bucket                  = aws_s3_bucket.bundles.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_elastic_beanstalk_application" "this" {
  count = var.make_shared ? 1 : 0
  name  = var.application
}

data "aws_vpc" "this" {
  id = var.vpc
}

locals {
  settings = {
    "aws:ec2:vpc" = {
      VPCId      = var.vpc
      Subnets    = join(",", var.private_subnets)
      ELBSubnets = join(",", var.public_subnets)
    }
    "aws:autoscaling:launchconfiguration" = {
      IamInstanceProfile = aws_iam_instance_profile.instance.name
      SecurityGroups     = aws_security_group.instances.id
    }
    "aws:ec2:instances" = {
      InstanceTypes = var.instance_type
    }
    "aws:autoscaling:asg" = {
      MinSize = tostring(var.instances.min)
      MaxSize = tostring(var.instances.max)
    }
    "aws:elasticbeanstalk:environment" = {
      EnvironmentType  = "LoadBalanced"
      LoadBalancerType = "application"
    }
    "aws:elbv2:loadbalancer" = {
      SecurityGroups       = aws_security_group.balancer.id
      ManagedSecurityGroup = aws_security_group.balancer.id
    }
    "aws:elbv2:listener:443" = {
      Protocol           = "HTTPS"
      SSLCertificateArns = var.certificate
      SSLPolicy          = "ELBSecurityPolicy-TLS13-1-2-2021-06"
    }
    "aws:elasticbeanstalk:application:environment" = {
      MERCATO_PARAMETERS              = local.parameters
      MERCATO_ENVIRONMENT             = var.github_environment == "production" ? "production" : "production-${var.github_environment}"
      MERCATO_GATEWAY_TRUSTED_PROXIES = data.aws_vpc.this.cidr_block
    }
  }
  flat_settings = merge([
    for namespace, options in local.settings : {
      for name, value in options : "${namespace}/${name}" => { namespace = namespace, name = name, value = value }
    }
  ]...)
}

resource "aws_elastic_beanstalk_environment" "this" {
  name                = var.environment
  application         = var.application
  solution_stack_name = var.solution_stack
  depends_on          = [aws_elastic_beanstalk_application.this]

  dynamic "setting" {
    for_each = local.flat_settings

    content {
      namespace = setting.value.namespace
      name      = setting.value.name
      value     = setting.value.value
    }
  }

  lifecycle {
    # Versions are deployed by the workflows.
    ignore_changes = [version_label]
  }
}
