//! The command line of the benchmark.

use std::path::PathBuf;

use clap::{ValueEnum, value_parser};
use serde::{Deserialize, Serialize};

use testkit::Shape;

use super::journeys::Journey;

/// Measure a whole shop: requests and orders a second, latencies, CPU, memory, and how fast it starts
///
/// The figures of two machines, or of a machine that does something else as well, do not compare. The server and the
/// load generator share the cores.
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Bench {
    #[command(subcommand)]
    pub(super) other: Option<Other>,
    #[command(flatten)]
    pub(super) settings: Settings,
}

/// What else can be done than to measure.
#[derive(clap::Subcommand)]
pub(super) enum Other {
    /// Show two runs that were kept with --json side by side
    Compare {
        /// The run before
        before: PathBuf,
        /// The run after
        after: PathBuf,
    },
}

/// What is measured, and for how long.
#[derive(Clone, Debug, clap::Args, Serialize, Deserialize)]
pub(super) struct Settings {
    /// What the shop is made of
    #[arg(long, value_enum, default_value = "embedded")]
    pub shape: Shape,
    /// What the load does
    #[arg(long, value_enum, default_value = "all")]
    pub journey: Selection,
    /// How long each run measures, after a warm-up of a second
    #[arg(long, default_value_t = 10, value_parser = value_parser!(u64).range(1..=300))]
    pub seconds: u64,
    /// How many runs there are of each journey; the medians count
    #[arg(long, default_value_t = 3, value_parser = value_parser!(u32).range(1..=20))]
    pub runs: u32,
    /// How many shoppers are at it at once, each on a connection of their own
    #[arg(long, default_value_t = 16, value_parser = value_parser!(u32).range(1..=256))]
    pub connections: u32,
    /// How many journeys a run makes at most
    #[arg(long, default_value_t = 2_000_000, value_parser = value_parser!(u64).range(1..))]
    pub most: u64,
    /// Measure this build of the shop, and not one of the code as it is now
    #[arg(long, value_name = "FILE")]
    pub binary: Option<PathBuf>,
    /// Keep everything in this file, for `compare`
    #[arg(long, value_name = "FILE")]
    #[serde(skip)]
    pub json: Option<PathBuf>,
}

/// Which journeys are measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Selection {
    /// The first page of the catalogue: `GET /products/?limit=20`
    #[value(alias = "list")]
    Browse,
    /// One product: `GET /products/{id}`
    View,
    /// A product into the cart, which is answered with prices by RPC: `POST /shopping/cart`
    Cart,
    /// Two products into the cart, an order, and waiting until it is confirmed
    Order,
    /// All of them
    All,
}

impl Selection {
    /// The journeys, in the order in which they are measured.
    pub fn journeys(self) -> Vec<Journey> {
        match self {
            Self::Browse => vec![Journey::Browse],
            Self::View => vec![Journey::View],
            Self::Cart => vec![Journey::Cart],
            Self::Order => vec![Journey::Order],
            Self::All => vec![Journey::Browse, Journey::View, Journey::Cart, Journey::Order],
        }
    }
}
