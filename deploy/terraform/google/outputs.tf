output "github_variables" {
  description = "For the environment's variables on GitHub."
  value = {
    TARGET                         = "gce"
    GCP_WORKLOAD_IDENTITY_PROVIDER = google_iam_workload_identity_pool_provider.github.name
    GCP_SERVICE_ACCOUNT            = google_service_account.deployer.email
    GCE_PROJECT                    = var.project
    GCE_REGION                     = var.region
    GCE_GROUP                      = var.group
    GCE_NETWORK                    = var.network
    GCE_SUBNET                     = var.subnet
    GCE_BALANCER                   = google_compute_global_address.this.address
    URL                            = "https://${var.domain}"
  }
}

output "address" {
  description = "For the name's A record."
  value       = google_compute_global_address.this.address
}

output "database" {
  description = "The host in the URLs of the stores, and the value of the secret `authorities`."
  value = {
    host        = trimsuffix(google_sql_database_instance.this.dns_name, ".")
    authorities = join("\n", google_sql_database_instance.this.server_ca_cert[*].cert)
  }
}

output "administrator" {
  description = "The administrator's password of PostgreSQL."
  value       = random_password.postgresql.result
  sensitive   = true
}
