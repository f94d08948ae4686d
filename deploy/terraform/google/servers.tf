# The database. Google has no RabbitMQ of its own: the broker is one that you run or rent, by its URL.

resource "random_password" "postgresql" {
  length  = 40
  special = false
}

resource "google_sql_database_instance" "this" {
  name                = var.group
  database_version    = "POSTGRES_17"
  deletion_protection = true

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
    }
  }
}

# The administrator, whose password no service knows.
resource "google_sql_user" "administrator" {
  name     = "administrator"
  instance = google_sql_database_instance.this.name
  password = random_password.postgresql.result
}
