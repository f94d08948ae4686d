//! What can be done to a shop.

use std::fmt;

use platform::chaos::{Point, crash_notice};

use super::House;
use crate::servers::Weather;

/// A server that instances stand on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Server {
    /// PostgreSQL.
    Database,
    /// RabbitMQ or Kafka.
    Broker,
}

/// Something that is done to a shop, and mended after a while.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// An instance ends as by `kill -9`.
    Kill {
        /// Which one, from 0.
        instance: usize,
    },
    /// An instance is asked to end (SIGTERM).
    Terminate {
        /// Which one, from 0.
        instance: usize,
    },
    /// An instance stands still (SIGSTOP), and then goes on as if nothing had happened.
    Pause {
        /// Which one, from 0.
        instance: usize,
    },
    /// An instance is started anew, and crashes at a named place.
    Crash {
        /// Which one, from 0.
        instance: usize,
        /// Where.
        point: Point,
        /// When it comes there for which time.
        times: u32,
    },
    /// The clocks of all instances jump ahead, and stay there.
    Clock {
        /// By how much.
        seconds: u64,
    },
    /// The disk of the stores is full.
    Disk,
    /// A server ends, and comes back.
    Outage {
        /// Which.
        server: Server,
        /// Whether by `kill -9`.
        abrupt: bool,
    },
    /// The network to a server is bad.
    Network {
        /// Which.
        server: Server,
        /// How bad.
        weather: Weather,
    },
}

impl Fault {
    /// The instance that it is about.
    #[must_use]
    pub const fn instance(&self) -> Option<usize> {
        match self {
            Self::Kill { instance }
            | Self::Terminate { instance }
            | Self::Pause { instance }
            | Self::Crash { instance, .. } => Some(*instance),
            _ => None,
        }
    }

    /// Does it to `house`.
    ///
    /// # Errors
    /// If that does not work out; an instance that does not end when it is asked to is such a case.
    pub async fn begin(&self, house: &mut House) -> anyhow::Result<()> {
        match self {
            Self::Kill { instance } => house.kill(*instance),
            Self::Terminate { instance } => {
                house.terminate(*instance).await?;
                anyhow::ensure!(
                    house.has_ended_well(*instance),
                    "it did not end well:\n{}",
                    house.last_words(*instance)
                );
            }
            Self::Pause { instance } => house.pause(*instance, true),
            Self::Crash { instance, point, times } => {
                house.terminate(*instance).await?;
                let armed = ("MERCATO_CRASH_AT".to_owned(), format!("{point}:{times}"));
                house.launch(*instance, &[armed])?;
            }
            Self::Clock { seconds } => house.put_clocks_ahead(*seconds)?,
            Self::Disk => house.disk()?.fill()?,
            Self::Outage { server, abrupt } => house.stop_server(*server, *abrupt).await?,
            Self::Network { server, weather } => house.turn(*server, *weather)?,
        }
        Ok(())
    }

    /// Mends what it did to the surroundings. Instances are mended after that, by [`Fault::revive`].
    ///
    /// # Errors
    /// If that does not work out.
    pub async fn end(&self, house: &mut House) -> anyhow::Result<()> {
        match self {
            Self::Outage { server, .. } => house.restart_server(*server).await?,
            Self::Network { server, .. } => house.turn(*server, Weather::Clear)?,
            Self::Disk => house.disk()?.clear()?,
            Self::Kill { .. }
            | Self::Terminate { .. }
            | Self::Pause { .. }
            | Self::Crash { .. }
            | Self::Clock { .. } => {}
        }
        Ok(())
    }

    /// Has the instance that it is about run again as it should. Gives what there is to say about it.
    ///
    /// # Errors
    /// If that does not work out.
    pub async fn revive(&self, house: &mut House) -> anyhow::Result<Option<&'static str>> {
        let Some(instance) = self.instance() else { return Ok(None) };
        let mut said = None;
        match self {
            Self::Pause { .. } => house.pause(instance, false),
            Self::Crash { .. } if !house.has_ended(instance) => {
                said = Some("it did not come to that place");
                house.terminate(instance).await?;
            }
            Self::Crash { point, .. } if !house.last_words(instance).contains(&crash_notice(*point)) => {
                said = Some("it ended before it came to that place");
            }
            _ => {}
        }
        house.revive(instance).await?;
        Ok(said)
    }

    /// What it is, with the names of the instances.
    #[must_use]
    pub fn describe(&self, names: &[String]) -> String {
        let name = self.instance().and_then(|it| names.get(it)).map_or("", String::as_str);
        match self {
            Self::Kill { .. } => format!("kill -9 {name}"),
            Self::Terminate { .. } => format!("SIGTERM {name}"),
            Self::Pause { .. } => format!("SIGSTOP, SIGCONT {name}"),
            Self::Crash { point, times, .. } => format!("{name} crashes at {point}:{times}"),
            Self::Clock { seconds } => format!("clocks jump {seconds} s ahead"),
            Self::Disk => "the disk is full".to_owned(),
            Self::Outage { server, abrupt: true } => format!("kill -9 {server}"),
            Self::Outage { server, abrupt: false } => format!("{server} stopped"),
            Self::Network { server, weather } => match weather {
                Weather::Clear => format!("{server}: nothing"),
                Weather::Latency(late) => format!("{server}: {} ms of latency each way", late.as_millis()),
                Weather::BlackHole => format!("{server}: nothing arrives either way"),
                Weather::Deaf => format!("{server}: nothing arrives there"),
                Weather::Mute => format!("{server}: nothing comes back"),
                Weather::Reset => format!("{server}: every connection is reset"),
            },
        }
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Database => "PostgreSQL",
            Self::Broker => "the broker",
        })
    }
}
