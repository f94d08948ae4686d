//! How often each route is asked, how it answers, and how long that takes.

use std::{
    sync::{Arc, OnceLock, PoisonError, RwLock},
    time::Duration,
};

use metrics::{Counter, Histogram, SharedString};
use rocket::http::{Method, Status};

const REQUESTS: &str = "http_requests_total";
const DURATION: &str = "http_request_duration_seconds";

/// The metrics of one route. They are looked up once and kept, so a request costs two atomic additions.
pub(super) struct RouteMeter {
    pub service: &'static str,
    pub method: &'static str,
    /// The route's template without the prefix that it is mounted under, such as `/orders/<id>`.
    pub route: Arc<str>,
    duration: OnceLock<Histogram>,
    requests: RwLock<Vec<(u16, Counter)>>,
}

impl RouteMeter {
    pub(super) fn new(service: &'static str, method: Method, route: &str) -> Self {
        Self {
            service,
            method: method.as_str(),
            route: route.into(),
            duration: OnceLock::new(),
            requests: RwLock::default(),
        }
    }

    /// Counts an answer of `status` after `elapsed`, the time until its head was ready.
    pub(super) fn record(&self, status: Status, elapsed: Duration) {
        self.duration
            .get_or_init(|| {
                let labels = [
                    ("service", SharedString::from(self.service)),
                    ("method", self.method.into()),
                    ("route", Arc::clone(&self.route).into()),
                ];
                metrics::histogram!(DURATION, &labels)
            })
            .record(elapsed);
        if !self.count(status.code) {
            self.remember(status.code);
            self.count(status.code);
        }
    }

    fn count(&self, status: u16) -> bool {
        let requests = self.requests.read().unwrap_or_else(PoisonError::into_inner);
        let counter = requests.iter().find(|(code, _)| *code == status);
        if let Some((_, counter)) = counter {
            counter.increment(1);
        }
        counter.is_some()
    }

    fn remember(&self, status: u16) {
        let mut requests = self.requests.write().unwrap_or_else(PoisonError::into_inner);
        if !requests.iter().any(|(code, _)| *code == status) {
            let labels = [
                ("service", SharedString::from(self.service)),
                ("method", self.method.into()),
                ("route", Arc::clone(&self.route).into()),
                ("status", status.to_string().into()),
            ];
            requests.push((status, metrics::counter!(REQUESTS, &labels)));
        }
    }
}

/// Counts a request that no route took.
pub(super) fn unmatched(method: Method, status: Status) {
    metrics::counter!(
        REQUESTS,
        "service" => "none",
        "method" => method.as_str(),
        "route" => "unmatched",
        "status" => status.code.to_string(),
    )
    .increment(1);
}
