//! How long the shop takes from being started until every service is ready.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use contracts::Service;
use serde::{Deserialize, Serialize};
use testkit::stack::Stack;

use super::median;
use crate::bench::target::{Premises, StaffLogin};

/// How often it is started on data that is there already.
const AGAIN: usize = 5;

/// Starts, in milliseconds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in super::super) struct Starts {
    /// The very first one: databases, keys, demo catalogue and the staff login are made. Of a stack: all of it, PostgreSQL,
    /// RabbitMQ and nginx as well.
    pub first_ms: f64,
    /// Those after it. Of a stack: those of an instance of shopping.
    pub again_ms: Vec<f64>,
}

impl Starts {
    /// The median of those after the first.
    pub fn again(&self) -> f64 {
        median(self.again_ms.iter().copied())
    }
}

/// Starts and stops the shop in one process for the first time and five times more. Gives the staff login as well.
///
/// # Errors
/// If it does not start or end.
pub(in super::super) async fn starts(premises: &Premises) -> anyhow::Result<(Starts, StaffLogin)> {
    let first = premises.start().await?;
    let staff = first.staff.clone().context("the first start has printed no staff login")?;
    let mut starts = Starts { first_ms: milliseconds(first.started_in), again_ms: Vec::new() };
    first.stop().await?;
    for _ in 0..AGAIN {
        let target = premises.start().await?;
        starts.again_ms.push(milliseconds(target.started_in));
        target.stop().await?;
    }
    Ok((starts, staff))
}

/// Starts an instance of shopping again, five times, as part of a stack that took `first` to start.
///
/// # Errors
/// If it does not start or end.
pub(in super::super) async fn restarts(first: Duration, stack: &mut Stack) -> anyhow::Result<Starts> {
    let mut starts = Starts { first_ms: milliseconds(first), again_ms: Vec::new() };
    let instance = stack.instance(Service::Shopping, 1);
    for _ in 0..AGAIN {
        instance.terminate().await?;
        let begin = Instant::now();
        instance.restart().await?;
        starts.again_ms.push(milliseconds(begin.elapsed()));
    }
    Ok(starts)
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}
