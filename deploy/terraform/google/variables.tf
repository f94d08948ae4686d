variable "project" {
  description = "The project's id."
  type        = string
}

variable "region" {
  description = "Where everything is."
  type        = string
}

variable "group" {
  description = "The name of the group of instances, and of what belongs to it."
  type        = string
  default     = "mercato"
}

variable "repository" {
  description = "OWNER/REPOSITORY on GitHub: its jobs may deploy."
  type        = string
}

variable "github_environment" {
  description = "The environment of GitHub in which such a job has to run: qa or production."
  type        = string
}

variable "domain" {
  description = "The shop's name, for the certificate that Google makes."
  type        = string
}

variable "network" {
  description = "The network's self link. Its private services access has to be set up, for the database."
  type        = string
}

variable "database_tier" {
  description = "Of PostgreSQL."
  type        = string
  default     = "db-custom-2-7680"
}

variable "highly_available" {
  description = "Whether the database has a second host. Production does."
  type        = bool
  default     = false
}

variable "deployed" {
  description = "Whether the first deployment has made the group of instances, for the load balancer to lead to."
  type        = bool
  default     = false
}
