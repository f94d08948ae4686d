# Images, bundles, and the places for secrets.

resource "google_artifact_registry_repository" "this" {
  location      = var.region
  repository_id = var.group
  format        = "DOCKER"
  depends_on    = [google_project_service.this]
}

resource "google_artifact_registry_repository_iam_member" "writer" {
  location   = var.region
  repository = google_artifact_registry_repository.this.name
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.deployer.member
}

resource "google_artifact_registry_repository_iam_member" "reader" {
  location   = var.region
  repository = google_artifact_registry_repository.this.name
  role       = "roles/artifactregistry.reader"
  member     = google_service_account.instance.member
}

resource "google_storage_bucket" "bundles" {
  name                        = "${var.project}-${var.group}"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  depends_on                  = [google_project_service.this]
}

resource "google_storage_bucket_iam_member" "writer" {
  bucket = google_storage_bucket.bundles.name
  role   = "roles/storage.objectUser"
  member = google_service_account.deployer.member
}

resource "google_storage_bucket_iam_member" "reader" {
  bucket = google_storage_bucket.bundles.name
  role   = "roles/storage.objectViewer"
  member = google_service_account.instance.member
}

resource "google_secret_manager_secret" "this" {
  for_each = toset([
    "broker_url", "customer_store_url", "products_store_url", "shopping_store_url", "payment_store_url", "key", "authorities",
  ])
  secret_id  = "${var.group}-${each.key}"
  depends_on = [google_project_service.this]

  replication {
    auto {}
  }
}

resource "google_secret_manager_secret_iam_member" "instance" {
  for_each  = google_secret_manager_secret.this
  secret_id = each.value.id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.instance.member
}
