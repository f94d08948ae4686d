//! What is done when: drawn from a seed, and so the same for the same seed.

use std::time::Duration;

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng, seq::SliceRandom as _};

use platform::chaos::Point;

use super::{
    Shape,
    fault::{Fault, Server},
};
use crate::servers::Weather;

/// Something that is done to the shop: one fault or two at once, and for how long.
#[derive(Clone, Debug, PartialEq)]
pub struct Act {
    /// How long everything is left alone before.
    pub calm: Duration,
    /// What is done.
    pub faults: Vec<Fault>,
    /// How long it lasts until it is mended.
    pub lasts: Duration,
}

/// What there is to draw from. Each is dealt before one comes again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Card {
    Kill,
    Terminate,
    Pause,
    Crash,
    Clock,
    Disk,
    Outage(Server),
    Network(Server),
}

impl Card {
    fn deck(shape: Shape, disk: bool) -> Vec<Self> {
        let mut deck = vec![Self::Kill, Self::Terminate, Self::Pause, Self::Crash, Self::Crash, Self::Clock];
        let Some(broker) = shape.broker() else {
            deck.extend(disk.then_some(Self::Disk));
            return deck;
        };
        for server in [Server::Database, Server::Broker] {
            if server == Server::Database || broker.survives() {
                deck.push(Self::Outage(server));
            }
            deck.extend([Self::Network(server), Self::Network(server)]);
        }
        deck
    }

    /// Whether it is about an instance, and so does not go with another that is.
    const fn is_of_instances(self) -> bool {
        matches!(self, Self::Kill | Self::Terminate | Self::Pause | Self::Crash)
    }

    fn fault(self, shape: Shape, instances: usize, random: &mut StdRng) -> Fault {
        let instance = random.random_range(0..instances);
        match self {
            Self::Kill => Fault::Kill { instance },
            Self::Terminate => Fault::Terminate { instance },
            Self::Pause => Fault::Pause { instance },
            Self::Crash => {
                // The first quarter are customer's, which has nothing to do once everybody has signed up.
                let instance = random.random_range(instances / 4..instances);
                let points = Point::ALL;
                let point = points[random.random_range(0..points.len())];
                Fault::Crash { instance, point, times: random.random_range(1..25) }
            }
            // Longer than stock is held, and longer than any lease.
            Self::Clock => Fault::Clock { seconds: random.random_range(5..1_200) },
            Self::Disk => Fault::Disk,
            Self::Outage(server) => Fault::Outage { server, abrupt: random.random() },
            Self::Network(server) => {
                debug_assert_ne!(shape, Shape::Embedded, "in one process there is no network");
                let latency = Weather::Latency(Duration::from_millis(random.random_range(20..300)));
                let all = [latency, Weather::BlackHole, Weather::Deaf, Weather::Mute, Weather::Reset];
                // The broker there does not get over instances that lose it and come back at once.
                let kinds = if (shape, server) == (Shape::Kafka, Server::Broker) { 1 } else { all.len() };
                Fault::Network { server, weather: all[random.random_range(0..kinds)] }
            }
        }
    }

    fn lasts(self, shape: Shape, random: &mut StdRng) -> Duration {
        let ms = match self {
            Self::Kill | Self::Terminate | Self::Clock => random.random_range(100..1_500),
            // Past the lease by which a relay holds its rows, where there is one.
            Self::Pause if shape != Shape::Embedded => random.random_range(6_500..8_500),
            Self::Pause => random.random_range(500..3_000),
            // It is over as soon as the crash has happened.
            Self::Crash => 5_000,
            Self::Disk => random.random_range(1_000..4_000),
            Self::Outage(_) => random.random_range(500..4_000),
            Self::Network(_) => random.random_range(1_500..7_000),
        };
        Duration::from_millis(ms)
    }
}

/// All acts that `seed` has for a shop of this shape with so many instances; there is no end to them.
pub fn acts(seed: u64, shape: Shape, instances: usize, disk: bool) -> impl Iterator<Item = Act> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut deck = Vec::new();
    let mut draw = move |random: &mut StdRng| {
        if deck.is_empty() {
            deck = Card::deck(shape, disk);
            deck.shuffle(random);
        }
        deck.pop()
    };
    std::iter::from_fn(move || {
        let mut cards: Vec<Card> = draw(&mut random).into_iter().collect();
        if random.random_ratio(1, 3) {
            let second = draw(&mut random);
            // Two that do not go together: the second is left out this time.
            let of_instances = cards.iter().any(|it| it.is_of_instances());
            cards.extend(second.filter(|it| !(cards.contains(it) || of_instances && it.is_of_instances())));
        }
        let lasts = cards.iter().map(|card| card.lasts(shape, &mut random)).max().unwrap_or_default();
        let faults = cards.into_iter().map(|card| card.fault(shape, instances, &mut random)).collect();
        Some(Act { calm: Duration::from_millis(random.random_range(500..2_500)), faults, lasts })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_has_the_same_acts_and_another_has_others() {
        for shape in [Shape::Embedded, Shape::Rabbitmq, Shape::Kafka] {
            let of = |seed| acts(seed, shape, 8, true).take(40).collect::<Vec<_>>();
            assert_eq!(of(7), of(7));
            assert_ne!(of(7), of(8));
        }
    }

    #[test]
    fn each_kind_of_fault_comes_before_long_also_two_at_once() {
        let acts: Vec<Act> = acts(1, Shape::Rabbitmq, 8, false).take(40).collect();
        let faults: Vec<&Fault> = acts.iter().flat_map(|act| &act.faults).collect();
        let comes = |wanted: fn(&Fault) -> bool| faults.iter().any(|fault| wanted(fault));
        assert!(
            comes(|it| matches!(it, Fault::Kill { .. })) && comes(|it| matches!(it, Fault::Pause { .. }))
        );
        assert!(
            comes(|it| matches!(it, Fault::Crash { .. })) && comes(|it| matches!(it, Fault::Clock { .. }))
        );
        assert!(comes(|it| matches!(it, Fault::Terminate { .. })));
        for server in [Server::Database, Server::Broker] {
            let of_server = |it: &&Fault| match it {
                Fault::Outage { server: it, .. } | Fault::Network { server: it, .. } => *it == server,
                _ => false,
            };
            assert!(faults.iter().filter(|it| of_server(it)).count() >= 3, "{server:?}");
        }
        assert!(acts.iter().any(|act| act.faults.len() == 2));
        assert!(!comes(|it| matches!(it, Fault::Disk)), "there is no disk to fill");
    }

    #[test]
    fn a_broker_that_would_lose_what_it_has_confirmed_is_left_running_and_can_be_reached() {
        let acts: Vec<Act> = acts(1, Shape::Kafka, 8, false).take(100).collect();
        let faults: Vec<&Fault> = acts.iter().flat_map(|act| &act.faults).collect();
        let ends = |wanted| {
            let ends = |it: &&&Fault| matches!(it, Fault::Outage { server, .. } if *server == wanted);
            faults.iter().filter(ends).count()
        };
        assert!(ends(Server::Database) > 3 && ends(Server::Broker) == 0);
        let cut_off = |wanted| {
            let cut_off = |it: &&&Fault| match it {
                Fault::Network { weather: Weather::Latency(_), .. } => false,
                Fault::Network { server, .. } => *server == wanted,
                _ => false,
            };
            faults.iter().filter(cut_off).count()
        };
        assert!(cut_off(Server::Database) > 3 && cut_off(Server::Broker) == 0);
    }
}
