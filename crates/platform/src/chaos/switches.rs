//! What was asked for by variables. They are read once.

use std::{
    collections::BTreeSet,
    process,
    str::FromStr,
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicU32, AtomicU64, Ordering::SeqCst},
    },
    thread,
    time::Duration,
};

use uuid::Uuid;

use super::{Point, Safeguard, crash_notice};

/// How often the file that turns the clock is read.
const LOOK: Duration = Duration::from_millis(20);

static AHEAD: AtomicU64 = AtomicU64::new(0);

/// Where the process is to end.
struct Crash {
    point: Point,
    /// How often it comes there until then.
    left: AtomicU32,
}

impl FromStr for Crash {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (point, times) = text.split_once(':').unwrap_or((text, "1"));
        let point = point.parse().map_err(|error: super::Unknown| error.to_string())?;
        let times = times.parse().map_err(|_| format!("'{times}' is no number"))?;
        Ok(Self { point, left: AtomicU32::new(times) })
    }
}

struct Switches {
    crash: Option<Crash>,
    without: Option<Safeguard>,
    disorder: f64,
}

fn switches() -> &'static Switches {
    static SWITCHES: OnceLock<Switches> = OnceLock::new();
    SWITCHES.get_or_init(|| Switches {
        crash: variable("MERCATO_CRASH_AT"),
        without: variable("MERCATO_WITHOUT"),
        disorder: variable("MERCATO_DISORDER").unwrap_or_default(),
    })
}

/// What is set. A fault that was meant and is not there would prove nothing, so a mistake ends the process.
fn variable<T: FromStr>(name: &str) -> Option<T>
where
    T::Err: std::fmt::Display,
{
    let text = std::env::var(name).ok()?;
    match text.parse() {
        Ok(value) => Some(value),
        Err(error) => {
            eprintln!("mercato: {name} is '{text}': {error}");
            process::exit(2);
        }
    }
}

/// Ends the process here, if that was asked for.
pub fn crash_point(point: Point) {
    let crash = switches().crash.as_ref().filter(|crash| crash.point == point);
    if crash.is_some_and(|crash| crash.left.fetch_sub(1, SeqCst) == 1) {
        eprintln!("{}", crash_notice(point));
        process::abort();
    }
}

/// Whether the shop is to do without `safeguard`.
#[must_use]
pub fn does_without(safeguard: Safeguard) -> bool {
    switches().without == Some(safeguard)
}

/// Whether this is an event of `aggregate` to lose, as a shop would that does not wait for [confirms](Safeguard::Confirm): the
/// first that this is asked of, for every fourth aggregate.
#[must_use]
pub fn loses_first(aggregate: Uuid) -> bool {
    static LOST: Mutex<BTreeSet<Uuid>> = Mutex::new(BTreeSet::new());
    does_without(Safeguard::Confirm)
        && aggregate.as_u128().is_multiple_of(4)
        && LOST.lock().unwrap_or_else(PoisonError::into_inner).insert(aggregate)
}

/// The share of events that get into disorder.
pub(super) fn disorder() -> f64 {
    switches().disorder
}

/// By how much the clock is ahead of the machine's.
#[must_use]
pub fn ahead() -> Duration {
    static WATCHED: OnceLock<()> = OnceLock::new();
    WATCHED.get_or_init(|| {
        let Some(file) = std::env::var_os("MERCATO_CLOCK") else { return };
        let look = move || {
            let seconds = std::fs::read_to_string(&file).ok().and_then(|text| text.trim().parse().ok());
            // A clock that went back would be another fault: see docs/guarantees.md.
            AHEAD.fetch_max(seconds.unwrap_or_default(), SeqCst);
        };
        look();
        thread::spawn(move || {
            loop {
                thread::sleep(LOOK);
                look();
            }
        });
    });
    Duration::from_secs(AHEAD.load(SeqCst))
}
