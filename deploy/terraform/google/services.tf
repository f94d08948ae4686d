# What of Google's a project of its own has switched off. It stays on if this is destroyed: others may use it.

resource "google_project_service" "this" {
  for_each = toset([
    "artifactregistry", "cloudresourcemanager", "compute", "dns", "iam", "iamcredentials", "secretmanager", "servicenetworking",
    "sqladmin", "storage", "sts",
  ])
  service            = "${each.key}.googleapis.com"
  disable_on_destroy = false
}
