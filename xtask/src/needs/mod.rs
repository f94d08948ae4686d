//! What a machine has to have: what is missing is installed where that is ours to do, and said where it is not.

pub mod compiler;
pub mod kafka;
pub mod packages;
pub mod python;
pub mod servers;

use testkit::{Shape, stack::Broker};

/// Sees to it that what a shop of this shape is built with and stands on is there.
///
/// # Errors
/// Says what is missing and how to get it.
pub fn ensure(shape: Shape) -> anyhow::Result<()> {
    compiler::ensure()?;
    let Some(broker) = shape.broker() else { return Ok(()) };
    servers::ensure(broker)?;
    match broker {
        Broker::Rabbitmq => Ok(()),
        Broker::Kafka => kafka::ensure(),
    }
}
