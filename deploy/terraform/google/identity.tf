# Who may do what. No key of an account is ever made.

resource "google_service_account" "deployer" {
  account_id   = "${var.group}-deployer"
  display_name = "Deploys the shop, as a job of GitHub"
  depends_on   = [google_project_service.this]
}

resource "google_service_account" "instance" {
  account_id   = "${var.group}-instance"
  display_name = "The shop's instances"
  depends_on   = [google_project_service.this]
}

resource "google_iam_workload_identity_pool" "github" {
  workload_identity_pool_id = "${var.group}-github"
  depends_on                = [google_project_service.this]
}

resource "google_iam_workload_identity_pool_provider" "github" {
  workload_identity_pool_id          = google_iam_workload_identity_pool.github.workload_identity_pool_id
  workload_identity_pool_provider_id = "github"
  attribute_condition                = "assertion.repository == '${var.repository}'"

  attribute_mapping = {
    "google.subject"       = "assertion.sub"
    "attribute.repository" = "assertion.repository"
  }

  oidc {
    issuer_uri = "https://token.actions.githubusercontent.com"
  }
}

# Jobs in this environment alone: `sub` names it.
resource "google_service_account_iam_member" "federation" {
  service_account_id = google_service_account.deployer.name
  role               = "roles/iam.workloadIdentityUser"
  member             = "principal://iam.googleapis.com/${google_iam_workload_identity_pool.github.name}/subject/repo:${var.repository}:environment:${var.github_environment}"
}

resource "google_service_account_iam_member" "instance_user" {
  service_account_id = google_service_account.instance.name
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.deployer.member
}

resource "google_project_iam_member" "compute" {
  project = var.project
  role    = "roles/compute.instanceAdmin.v1"
  member  = google_service_account.deployer.member
}

# Which the role above may look at, and not have a group of instances healed by.
resource "google_project_iam_custom_role" "health_check" {
  role_id     = "${replace(var.group, "-", "_")}_health_check"
  title       = "Use health checks"
  permissions = ["compute.healthChecks.use", "compute.healthChecks.useReadOnly"]
}

resource "google_project_iam_member" "health_check" {
  project = var.project
  role    = google_project_iam_custom_role.health_check.name
  member  = google_service_account.deployer.member
}

resource "google_project_iam_member" "logs" {
  project = var.project
  role    = "roles/logging.logWriter"
  member  = google_service_account.instance.member
}
