output "github_variables" {
  description = "For the environment's variables on GitHub."
  value = {
    TARGET                = "beanstalk"
    AWS_ROLE              = aws_iam_role.deploy.arn
    AWS_REGION            = var.region
    BEANSTALK_APPLICATION = var.application
    BEANSTALK_ENVIRONMENT = var.environment
    BEANSTALK_BUCKET      = aws_s3_bucket.bundles.bucket
    URL                   = "https://${aws_elastic_beanstalk_environment.this.cname}"
  }
}

output "parameters" {
  description = "Under which the secrets have to be put into Parameter Store."
  value       = local.parameters
}

output "servers" {
  description = "Where the database and the broker are."
  value = {
    postgresql = aws_db_instance.this.endpoint
    rabbitmq   = aws_mq_broker.this.instances[*].endpoints
  }
}

output "administrator" {
  description = "The administrator's password of PostgreSQL, and the shop's of RabbitMQ."
  value       = { for name, password in random_password.servers : name => password.result }
  sensitive   = true
}
