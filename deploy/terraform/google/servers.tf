# The database. Google has no RabbitMQ of its own: the broker is one that you run or rent, by its URL.

resource "random_password" "postgresql" {
  length  = 40
  special = false
}

resource "google_sql_database_instance" "this" {
  name                = var.group
  database_version    = "POSTGRES_17"
  deletion_protection = true
  depends_on          = [google_project_service.this]

  settings {
    edition           = "ENTERPRISE"
    tier              = var.database_tier
    availability_type = var.highly_available ? "REGIONAL" : "ZONAL"
    disk_autoresize   = true

    backup_configuration {
      enabled                        = true
      point_in_time_recovery_enabled = true
    }

    ip_configuration {
      ipv4_enabled    = false
      private_network = var.network
      ssl_mode        = "ENCRYPTED_ONLY"
      # Its certificates are for a name; those of the default authority are for none that a client could check.
      server_ca_mode = "GOOGLE_MANAGED_CAS_CA"
    }
  }
}

# The name that the certificate is for, within the network: Google leaves it to its owner where the address is private.
resource "google_dns_managed_zone" "database" {
  name       = "${var.group}-database"
  dns_name   = "${trimsuffix(google_sql_database_instance.this.dns_name, ".")}."
  visibility = "private"

  private_visibility_config {
    networks {
      network_url = var.network
    }
  }
}

resource "google_dns_record_set" "database" {
  managed_zone = google_dns_managed_zone.database.name
  name         = google_dns_managed_zone.database.dns_name
  type         = "A"
  ttl          = 60
  rrdatas      = [google_sql_database_instance.this.private_ip_address]
}

# The administrator, whose password no service knows.
resource "google_sql_user" "administrator" {
  name     = "administrator"
  instance = google_sql_database_instance.this.name
  password = random_password.postgresql.result
}
