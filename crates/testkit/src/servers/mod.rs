//! Real servers, private to whoever starts them: in a folder of their own, on free ports of loopback, as an ordinary user.
//!
//! | module | what it starts |
//! |---|---|
//! | [`postgres`] | [`Postgres`]: a cluster, with a database and a role for each service |
//! | [`rabbitmq`] | [`RabbitMq`]: a node with an epmd of its own |
//! | [`kafka`] | [`Kafka`]: a broker that speaks Kafka's protocol |
//! | [`FreshDatabase`] | nothing: a database for one test, on a server that runs |
//! | [`Scans`] | nothing: what PostgreSQL counts of how tables are read |
//! | [`nginx`] | [`Nginx`]: the gateway of `deploy/gateway` before any instances |
//! | [`proxy`] | [`Proxy`]: a bad network before one of these |
//! | [`tls_front`] | [`TlsFront`]: TLS before one that has none |
//! | [`certificates`] | nothing: [`Authority`] has the certificates for TLS |
//! | [`process`] | [`ServerProcess`]: what they have in common, and [`Identity`], by which one is found again |
//!
//! A server ends with the value that started it. It also ends when the process that started it is killed, since the
//! kernel then sends it a signal; unless it was started to stay ([`Lifetime::Detached`]).

pub mod certificates;
mod database;
mod error;
pub mod kafka;
mod keeper;
pub mod nginx;
pub mod ports;
pub mod postgres;
pub mod process;
pub mod programs;
pub mod proxy;
pub mod rabbitmq;
mod scans;
pub mod tls_front;
mod user;

pub use certificates::{Authority, Certificate};
pub use database::FreshDatabase;
pub use error::ServerError;
pub(crate) use error::tail;
pub use kafka::Kafka;
pub use nginx::{Gateway, Nginx};
pub use postgres::Postgres;
pub use process::{Ending, Identity, Lifetime, ServerProcess};
pub use proxy::{Proxy, Weather};
pub use rabbitmq::RabbitMq;
pub use scans::Scans;
pub use tls_front::TlsFront;
