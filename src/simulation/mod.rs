//! The shop in a world of its own, where time and chance follow from a seed: shoppers order, cancel and are refunded, while
//! services are killed, the broker repeats, reorders and refuses, and stores lose calls and answers. What runs is what a
//! shop runs: relay, consumer, inbox, timers, handlers, sagas and stores of products, shopping and payment. Then the audit
//! looks at what is left.
//!
//! `MERCATO_SEED=7` tells one story again, with all that happens in it. `MERCATO_STORIES=5000` tells more of them.

mod broker;
mod dice;
mod link;
mod running;
mod shoppers;
mod story;
mod trace;

use std::{env, thread};

use story::{Story, Wrong, tell};

/// Stories that a run tells unless it is told otherwise.
const STORIES: u64 = 200;

fn number(variable: &str) -> Option<u64> {
    let text = env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} has to be a number, and is {text:?}")))
}

/// Tells the stories of `seeds`, and gives those that end badly.
fn ending_badly(seeds: std::ops::Range<u64>, wrong: Wrong) -> Vec<Story> {
    let tellers = thread::available_parallelism().map_or(1, |count| count.get() as u64);
    thread::scope(|scope| {
        let telling: Vec<_> = (0..tellers)
            .map(|teller| {
                let mine = seeds.clone().filter(move |seed| seed % tellers == teller);
                scope.spawn(move || {
                    mine.map(|seed| tell(seed, wrong)).filter(|story| !story.ends_well()).collect::<Vec<_>>()
                })
            })
            .collect();
        telling.into_iter().flat_map(|telling| telling.join().expect("a teller")).collect()
    })
}

#[test]
fn every_story_ends_well() {
    if let Some(seed) = number("MERCATO_SEED") {
        let story = tell(seed, Wrong::Nothing);
        assert!(story.ends_well(), "{story}");
        return;
    }
    let stories = number("MERCATO_STORIES").unwrap_or(STORIES);
    let bad = ending_badly(0..stories, Wrong::Nothing);
    let seeds: Vec<u64> = bad.iter().map(|story| story.seed).collect();
    if let Some(story) = bad.first() {
        panic!(
            "of {stories} stories, these end badly: {seeds:?}. MERCATO_SEED={} tells it again.\n{story}",
            story.seed
        );
    }
}

#[test]
fn the_same_seed_tells_the_same_story() {
    for seed in 0..20 {
        let (once, again) = (tell(seed, Wrong::Nothing), tell(seed, Wrong::Nothing));
        assert!(once.trace.len() > 50, "hardly anything happens: {once}");
        for (line, (one, other)) in once.trace.iter().zip(&again.trace).enumerate() {
            assert_eq!(one, other, "seed {seed} goes another way at line {line}");
        }
        assert_eq!(once.trace.len(), again.trace.len());
    }
    assert_ne!(tell(1, Wrong::Nothing).trace, tell(2, Wrong::Nothing).trace);
}

#[test]
fn a_broker_that_loses_what_it_confirmed_is_found_out() {
    let broken = broken_by(Wrong::Losing);
    assert!(broken.contains("reservations_have_orders") || broken.contains("charges_are_owed"), "{broken}");
}

#[test]
fn consumers_that_do_not_know_a_message_again_are_found_out() {
    let broken = broken_by(Wrong::Renaming);
    assert!(broken.contains("applied_once"), "{broken}");
}

/// The invariants that stories with this fault break.
fn broken_by(wrong: Wrong) -> String {
    let mut broken: Vec<&str> = Vec::new();
    let stories = ending_badly(0..40, wrong);
    for story in &stories {
        broken.extend(story.report.invariants.iter().filter(|it| !it.holds()).map(|it| it.name));
    }
    broken.sort_unstable();
    broken.dedup();
    broken.join(", ")
}
