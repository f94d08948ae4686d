output "github_variables" {
  description = "For the environment's variables on GitHub."
  value = {
    TARGET                         = "gce"
    GCP_WORKLOAD_IDENTITY_PROVIDER = google_iam_workload_identity_pool_provider.github.name
    GCP_SERVICE_ACCOUNT            = google_service_account.deployer.email
    GCE_PROJECT                    = var.project
    GCE_REGION                     = var.region
    GCE_GROUP                      = var.group
    URL                            = "https://${var.domain}"
  }
}

output "address" {
  description = "For the name's A record."
  value       = google_compute_global_address.this.address
}

output "administrator" {
  description = "The administrator's password of PostgreSQL."
  value       = random_password.postgresql.result
  sensitive   = true
}
