variable "region" {
  description = "Where everything is."
  type        = string
}

variable "application" {
  description = "The application of Elastic Beanstalk. QA and production are environments of one."
  type        = string
  default     = "mercato"
}

variable "make_shared" {
  description = "Whether to make what all environments of an account share: the application, and the federation with GitHub."
  type        = bool
  default     = false
}

variable "environment" {
  description = "The environment's name, such as mercato-qa."
  type        = string
}

variable "repository" {
  description = "OWNER/REPOSITORY on GitHub: its jobs may deploy."
  type        = string
}

variable "github_environment" {
  description = "The environment of GitHub in which such a job has to run: qa or production."
  type        = string
}

variable "vpc" {
  description = "The VPC's id."
  type        = string
}

variable "public_subnets" {
  description = "For the load balancer: two or more, in different zones."
  type        = list(string)
}

variable "private_subnets" {
  description = "For instances, database and broker: two or more, in different zones, with a way out through NAT."
  type        = list(string)
}

variable "certificate" {
  description = "The ARN of the certificate for TLS, from ACM in the same region."
  type        = string
}

variable "solution_stack" {
  description = "The platform, as `aws elasticbeanstalk list-available-solution-stacks` names it: … running Docker."
  type        = string
}

variable "instance_type" {
  description = "Of the instances that run the services. Each has all four."
  type        = string
  default     = "t3.medium"
}

variable "instances" {
  description = "How many of them, at least and at most."
  type        = object({ min = number, max = number })
  default     = { min = 2, max = 4 }
}

variable "database_class" {
  description = "Of PostgreSQL."
  type        = string
  default     = "db.t4g.medium"
}

variable "broker_type" {
  description = "Of RabbitMQ. A cluster of three needs mq.m5.large or more."
  type        = string
  default     = "mq.t3.micro"
}

variable "highly_available" {
  description = "Whether database and broker have more than one host. Production does."
  type        = bool
  default     = false
}
