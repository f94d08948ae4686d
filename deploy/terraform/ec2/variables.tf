variable "region" {
  description = "Where the host is."
  type        = string
}

variable "name" {
  description = "The host's name, and that of what belongs to it."
  type        = string
  default     = "mercato"
}

variable "vpc" {
  description = "The VPC's id."
  type        = string
}

variable "public_subnet" {
  description = "The host's subnet."
  type        = string
}

variable "instance_type" {
  description = "2 CPUs and 4 GB at least."
  type        = string
  default     = "t3.medium"
}

variable "user_data" {
  description = "A file with what deploy/ec2/user-data has printed."
  type        = string
}
