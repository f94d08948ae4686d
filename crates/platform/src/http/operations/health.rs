//! Whether the process lives, and whether it can do its work.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use futures::future::join_all;
use rocket::{
    Data, Request,
    http::Status,
    route::{Handler, Outcome},
};
use serde_json::{Map, Value, json};

use crate::http::Json;

/// How long a check may take.
const CHECK_LIMIT: Duration = Duration::from_secs(2);

/// Something that a service cannot work without.
#[async_trait]
pub trait HealthCheck: Send + Sync {
    /// What it is, such as `store` or `broker`: its key in the answer.
    fn name(&self) -> &'static str;

    /// Whether it works at present. It is given two seconds.
    ///
    /// # Errors
    ///
    /// Why not, in a few words that anybody may read: no address, no name of a user, no secret.
    async fn check(&self) -> Result<(), String>;
}

/// Always well: that it answers is the proof.
#[derive(Clone)]
pub(super) struct Live;

#[async_trait]
impl Handler for Live {
    async fn handle<'r>(&self, request: &'r Request<'_>, _: Data<'r>) -> Outcome<'r> {
        Outcome::from(request, Json(json!({ "status": "ok" })))
    }
}

/// 200 if every check passes, else 503, with what each of them says.
#[derive(Clone)]
pub(super) struct Ready(pub Arc<[Arc<dyn HealthCheck>]>);

#[async_trait]
impl Handler for Ready {
    async fn handle<'r>(&self, request: &'r Request<'_>, _: Data<'r>) -> Outcome<'r> {
        let results = join_all(self.0.iter().map(|check| result(check.as_ref()))).await;
        let ready = results.iter().all(|(_, result)| result == "ok");
        let checks: Map<String, Value> =
            results.into_iter().map(|(name, result)| (name.to_owned(), result.into())).collect();
        let (status, word) =
            if ready { (Status::Ok, "ready") } else { (Status::ServiceUnavailable, "unready") };
        Outcome::from(request, (status, Json(json!({ "status": word, "checks": checks }))))
    }
}

async fn result(check: &dyn HealthCheck) -> (&'static str, String) {
    let result = match tokio::time::timeout(CHECK_LIMIT, check.check()).await {
        Ok(Ok(())) => "ok".to_owned(),
        Ok(Err(reason)) => reason,
        Err(_) => format!("no answer within {} s", CHECK_LIMIT.as_secs()),
    };
    (check.name(), result)
}
