# TLS, and the way to the group of instances that deploy/gce/deploy makes and renews.

resource "google_compute_firewall" "balancer" {
  name          = "${var.group}-from-balancer"
  network       = var.network
  source_ranges = ["130.211.0.0/22", "35.191.0.0/16"]
  target_tags   = [var.group]

  allow {
    protocol = "tcp"
    ports    = ["80"]
  }
}

# People, by Identity-Aware Proxy: `gcloud compute ssh --tunnel-through-iap`.
resource "google_compute_firewall" "proxy" {
  name          = "${var.group}-from-proxy"
  network       = var.network
  source_ranges = ["35.235.240.0/20"]
  target_tags   = [var.group]

  allow {
    protocol = "tcp"
    ports    = ["22"]
  }
}

# The instances have no address of their own: this is their way out, to Debian's packages and the broker.
resource "google_compute_router" "this" {
  name    = var.group
  region  = var.region
  network = var.network
}

resource "google_compute_router_nat" "this" {
  name                               = var.group
  region                             = var.region
  router                             = google_compute_router.this.name
  nat_ip_allocate_option             = "AUTO_ONLY"
  source_subnetwork_ip_ranges_to_nat = "LIST_OF_SUBNETWORKS"

  subnetwork {
    name                    = var.subnet
    source_ip_ranges_to_nat = ["ALL_IP_RANGES"]
  }
}

resource "google_compute_health_check" "this" {
  name               = var.group
  check_interval_sec = 10
  timeout_sec        = 5
  depends_on         = [google_project_service.this]

  http_health_check {
    port         = 80
    request_path = "/health/live"
  }
}

data "google_compute_region_instance_group" "this" {
  count = var.deployed ? 1 : 0
  name  = var.group
}

resource "google_compute_backend_service" "this" {
  name                            = var.group
  port_name                       = "http"
  protocol                        = "HTTP"
  load_balancing_scheme           = "EXTERNAL_MANAGED"
  timeout_sec                     = 660
  connection_draining_timeout_sec = 35
  health_checks                   = [google_compute_health_check.this.id]

  dynamic "backend" {
    for_each = data.google_compute_region_instance_group.this

    content {
      group           = backend.value.self_link
      balancing_mode  = "UTILIZATION"
      max_utilization = 0.8
    }
  }
}

resource "google_compute_managed_ssl_certificate" "this" {
  name       = var.group
  depends_on = [google_project_service.this]

  managed {
    domains = [var.domain]
  }
}

resource "google_compute_url_map" "this" {
  name            = var.group
  default_service = google_compute_backend_service.this.id
}

resource "google_compute_url_map" "to_tls" {
  name = "${var.group}-to-tls"

  default_url_redirect {
    https_redirect         = true
    redirect_response_code = "PERMANENT_REDIRECT"
    strip_query            = false
  }
}

resource "google_compute_target_https_proxy" "this" {
  name             = var.group
  url_map          = google_compute_url_map.this.id
  ssl_certificates = [google_compute_managed_ssl_certificate.this.id]
}

resource "google_compute_target_http_proxy" "to_tls" {
  name    = "${var.group}-to-tls"
  url_map = google_compute_url_map.to_tls.id
}

resource "google_compute_global_address" "this" {
  name       = var.group
  depends_on = [google_project_service.this]
}

resource "google_compute_global_forwarding_rule" "tls" {
  name                  = var.group
  target                = google_compute_target_https_proxy.this.id
  ip_address            = google_compute_global_address.this.id
  port_range            = "443"
  load_balancing_scheme = "EXTERNAL_MANAGED"
}

resource "google_compute_global_forwarding_rule" "to_tls" {
  name                  = "${var.group}-to-tls"
  target                = google_compute_target_http_proxy.to_tls.id
  ip_address            = google_compute_global_address.this.id
  port_range            = "80"
  load_balancing_scheme = "EXTERNAL_MANAGED"
}
