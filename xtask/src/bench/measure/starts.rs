//! How long the shop takes from being started until every service is ready.

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use super::median;
use crate::bench::target::{Premises, StaffLogin};

/// How often it is started on data that is there already.
const AGAIN: usize = 5;

/// Starts, in milliseconds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in super::super) struct Starts {
    /// The very first one: databases, keys, demo catalogue and the staff login are made.
    pub first_ms: f64,
    /// Those after it.
    pub again_ms: Vec<f64>,
}

impl Starts {
    /// The median of those after the first.
    pub fn again(&self) -> f64 {
        median(self.again_ms.iter().copied())
    }
}

/// Starts and stops a shop for the first time and five times more. Gives the staff login as well.
///
/// # Errors
/// If it does not start or end.
pub(in super::super) async fn starts(premises: &Premises) -> anyhow::Result<(Starts, StaffLogin)> {
    let first = premises.start().await?;
    let staff = first.staff.clone().context("the first start has printed no staff login")?;
    let mut starts = Starts { first_ms: first.started_in.as_secs_f64() * 1_000.0, again_ms: Vec::new() };
    first.stop().await?;
    for _ in 0..AGAIN {
        let target = premises.start().await?;
        starts.again_ms.push(target.started_in.as_secs_f64() * 1_000.0);
        target.stop().await?;
    }
    Ok((starts, staff))
}
