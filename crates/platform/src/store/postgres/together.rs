//! Commands that arrive together are committed together: what waits while one transaction is under way shares the next.
//! They pay for one durable commit and for its trips instead of one each, those of one kind share their statements, and no
//! caller hears of success before the commit.
//!
//! If any of them fails, nothing of the transaction remains, and each is run once more in one of its own.

use std::{
    any::Any,
    collections::{HashSet, VecDeque},
    iter::zip,
    mem::take,
    ops::Deref,
    panic::AssertUnwindSafe,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use deadpool_postgres::Pool;
use futures::{
    FutureExt as _,
    future::{BoxFuture, join_all},
};
use tokio::{sync::oneshot, task::yield_now, time::timeout};

use super::{Database, Transaction, transaction::Shared};
use crate::{
    store::{StoreError, panicked},
    trace::TraceContext,
};

/// Commands that share one commit at the most: a bound on how long the first of them waits.
const GROUP: usize = 64;
/// Commands of one process that may wait: more than the requests and messages that it takes at a time.
const QUEUE: usize = 4_096;
/// How often other tasks that can go on may do so before commands are gathered: as far as the runtime gets to it, what has arrived
/// meanwhile is read, and shares the transaction. Where nothing is ready this takes microseconds, on a busy machine milliseconds.
const YIELDS: u32 = 6;
/// How long a command may wait until it is begun.
const TURN: Duration = Duration::from_secs(5);
/// How long anybody waits for an answer: less than a handler of a message may take, which would count as a failure.
const PATIENCE: Duration = Duration::from_secs(20);

/// How commands of one kind are run: all that wait, as a part of a transaction. It gives what each of them gives, in their
/// order. It may be run more than once for a command: what it does beside its statements must not show.
pub type Work<A, T, E> = for<'t> fn(&'t Transaction<'_>, &'t [Asked<A>]) -> BoxFuture<'t, Result<Vec<T>, E>>;

/// What a command is about: where the lock on it stands in the order in which everybody takes locks, and a number for it.
/// Two commands about the same never share a transaction; other things that have the same number only wait.
pub type Key = (u8, i64);

/// What a command is to do, and for whom.
pub struct Asked<A> {
    about: A,
    key: Key,
    /// The events that it puts into the outbox belong to the trace of whoever waits for it.
    trace: TraceContext,
    at: Instant,
}

impl<A> Asked<A> {
    /// Runs `work` in the trace of whoever asked.
    pub async fn scope<F: Future>(&self, work: F) -> F::Output {
        self.trace.scope(work).await
    }

    /// As [`Asked::scope`], for work that does not wait.
    pub fn sync_scope<T>(&self, work: impl FnOnce() -> T) -> T {
        self.trace.sync_scope(work)
    }
}

impl<A> Deref for Asked<A> {
    type Target = A;

    fn deref(&self) -> &A {
        &self.about
    }
}

/// The commands of one process that wait for a transaction.
#[derive(Default)]
pub(super) struct Waiting {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    commands: VecDeque<Box<dyn Commands>>,
    /// Of the commands that are under way.
    keys: HashSet<Key>,
    /// Whether somebody sees to those that wait.
    attended: bool,
}

/// Commands of one kind, whatever they take and give.
#[async_trait]
trait Commands: Any + Send {
    /// What they are about.
    fn keys(&self) -> Vec<Key>;

    /// How long the one that was asked for first has waited; `None` if nobody waits for an answer any more.
    fn waited(&self) -> Option<Duration>;

    /// Takes in the commands of `others`, if they are of the same kind; gives them back if they are not.
    fn absorb(&mut self, others: Box<dyn Commands>) -> Option<Box<dyn Commands>>;

    /// Each by itself.
    fn split(self: Box<Self>) -> Vec<Box<dyn Commands>>;

    /// Runs them as a part of a transaction, and keeps what they give.
    async fn run(&mut self, part: &Transaction<'_>);

    /// Hands over what they gave, if that was `committed`.
    fn answer(self: Box<Self>, committed: Result<(), &str>);
}

struct Kind<A, T, E> {
    work: Work<A, T, E>,
    asked: Vec<Asked<A>>,
    callers: Vec<oneshot::Sender<Result<T, E>>>,
    outcome: Option<Result<Vec<T>, E>>,
}

#[async_trait]
impl<A, T, E> Commands for Kind<A, T, E>
where
    A: Send + Sync + 'static,
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    fn keys(&self) -> Vec<Key> {
        self.asked.iter().map(|asked| asked.key).collect()
    }

    fn waited(&self) -> Option<Duration> {
        let wanted = self.callers.iter().any(|caller| !caller.is_closed());
        let first = self.asked.iter().map(|asked| asked.at).min();
        first.filter(|_| wanted).map(|first| first.elapsed())
    }

    fn absorb(&mut self, others: Box<dyn Commands>) -> Option<Box<dyn Commands>> {
        let same = (&*others as &dyn Any)
            .downcast_ref::<Self>()
            .is_some_and(|others| std::ptr::fn_addr_eq(others.work, self.work));
        if !same {
            return Some(others);
        }
        if let Ok(others) = (others as Box<dyn Any>).downcast::<Self>() {
            self.asked.extend(others.asked);
            self.callers.extend(others.callers);
        }
        None
    }

    fn split(self: Box<Self>) -> Vec<Box<dyn Commands>> {
        let Self { work, asked, callers, .. } = *self;
        let one = |(asked, caller)| -> Box<dyn Commands> {
            Box::new(Self { work, asked: vec![asked], callers: vec![caller], outcome: None })
        };
        zip(asked, callers).map(one).collect()
    }

    async fn run(&mut self, part: &Transaction<'_>) {
        let work = async {
            let given = (self.work)(part, &self.asked).await?;
            if given.len() != self.asked.len() {
                return Err(StoreError::corrupt("a command was not answered").into());
            }
            part.end().await?;
            Ok(given)
        };
        let outcome = AssertUnwindSafe(work).catch_unwind().await;
        if !matches!(outcome, Ok(Ok(_))) {
            part.fail();
        }
        self.outcome = Some(outcome.unwrap_or_else(|panic| Err(panicked(&*panic).into())));
    }

    fn answer(self: Box<Self>, committed: Result<(), &str>) {
        let unavailable = |reason: &str| Err(StoreError::Unavailable(reason.to_owned()).into());
        // A caller that has gone away does not hear the answer; the commit stands all the same.
        match (self.outcome, committed) {
            (Some(Ok(given)), Ok(())) => {
                zip(self.callers, given).for_each(|(caller, given)| drop(caller.send(Ok(given))));
            }
            (Some(Err(error)), _) if self.callers.len() == 1 => {
                self.callers.into_iter().next().map(|caller| caller.send(Err(error)));
            }
            (_, committed) => {
                let reason = committed.err().unwrap_or("another command failed");
                self.callers.into_iter().for_each(|caller| drop(caller.send(unavailable(reason))));
            }
        }
    }
}

impl Database {
    /// Has `work` do what a command is `about`, in a transaction that it shares with others that come at the same time, but
    /// with none that has the same `key`.
    ///
    /// # Errors
    /// What `work` returns, and then nothing of it remains; or [`StoreError`], if the commit fails or too many wait.
    pub async fn together<A, T, E>(&self, key: Key, about: A, work: Work<A, T, E>) -> Result<T, E>
    where
        A: Send + Sync + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        let asked = vec![Asked { about, key, trace: TraceContext::current(), at: Instant::now() }];
        self.enter(Box::new(Kind { work, asked, callers: vec![sender], outcome: None }))?;
        match timeout(PATIENCE, receiver).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(StoreError::Unavailable("the store is being closed".to_owned()).into()),
            Err(_) => Err(StoreError::Unavailable("the store does not answer".to_owned()).into()),
        }
    }

    fn enter(&self, command: Box<dyn Commands>) -> Result<(), StoreError> {
        let mut state = self.waiting.state();
        if state.commands.len() >= QUEUE {
            return Err(StoreError::Unavailable("too many commands wait for the store".to_owned()));
        }
        state.commands.push_back(command);
        drop(state);
        self.attend();
        Ok(())
    }

    /// Sees to it that somebody sees to what waits.
    fn attend(&self) {
        if self.waiting.begin() {
            tokio::spawn(Attendant { database: self.clone(), counted: true }.run());
        }
    }

    /// Runs `group` in one transaction over a connection of `pool`, and answers it.
    ///
    /// # Returns
    /// Those that it does not answer, because one of them failed, and nothing remains of what any did.
    async fn run(&self, pool: &Pool, mut group: Vec<Box<dyn Commands>>) -> Vec<Box<dyn Commands>> {
        let connection = match self.connection_of(pool).await {
            Ok(connection) => connection,
            Err(error) => {
                answer(group, Err(&error.to_string()));
                return Vec::new();
            }
        };
        let shared = Shared::new(&connection.object, self, group.len());
        let parts: Vec<Transaction<'_>> = group.iter().map(|_| shared.part()).collect();
        join_all(zip(&mut group, &parts).map(|(commands, part)| commands.run(part))).await;
        match shared.committed() {
            Some(true) => answer(group, Ok(())),
            Some(false) if !connection.object.is_closed() => return group,
            _ => answer(group, Err("the connection was lost")),
        }
        Vec::new()
    }

    /// Runs `command` in a transaction of its own, with more patience for locks.
    async fn run_alone(self, command: Box<dyn Commands>) {
        let busy = Busy { waiting: &self.waiting, keys: command.keys() };
        let failed = self.run(&self.pool, vec![command]).await;
        answer(failed, Err("it was rolled back"));
        drop(busy);
        self.attend();
    }
}

/// What the commands that are under way are about, until they no longer are.
struct Busy<'w> {
    waiting: &'w Waiting,
    keys: Vec<Key>,
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        let mut state = self.waiting.state();
        for key in &self.keys {
            state.keys.remove(key);
        }
    }
}

/// Sees to what waits, until nothing does.
struct Attendant {
    database: Database,
    /// Whether nobody has taken note yet that it does so no more.
    counted: bool,
}

impl Attendant {
    async fn run(mut self) {
        while let Some(group) = self.database.waiting.gather().await {
            let database = &self.database;
            let mut busy = Busy { waiting: &database.waiting, keys: Vec::new() };
            busy.keys.extend(group.iter().flat_map(|commands| commands.keys()));
            metrics::counter!("store_transactions_total").increment(1);
            metrics::counter!("store_commands_total").increment(busy.keys.len() as u64);
            let failed = database.run(&database.shared, group).await;
            if !failed.is_empty() {
                metrics::counter!("store_commands_again_total").increment(busy.keys.len() as u64);
                // Each of them frees its own.
                busy.keys.clear();
            }
            // The others do not wait for these.
            for command in failed.into_iter().flat_map(Commands::split) {
                tokio::spawn(database.clone().run_alone(command));
            }
        }
        self.counted = false;
    }
}

impl Drop for Attendant {
    fn drop(&mut self) {
        if self.counted {
            self.database.waiting.state().attended = false;
        }
    }
}

impl Waiting {
    /// Whether somebody has to begin to see to those that wait: then it is whoever asks.
    fn begin(&self) -> bool {
        let mut state = self.state();
        let begin = !state.attended && !state.commands.is_empty();
        state.attended |= begin;
        begin
    }

    /// Lets what is ready run, and takes those that share the [next](Self::next) transaction.
    async fn gather(&self) -> Option<Vec<Box<dyn Commands>>> {
        for _ in 0..YIELDS {
            yield_now().await;
        }
        self.next()
    }

    /// Those that share the next transaction, kind by kind in the order of their locks. If there are none, nobody sees to those
    /// that wait any more.
    fn next(&self) -> Option<Vec<Box<dyn Commands>>> {
        let mut state = self.state();
        let State { commands: waiting, keys: busy, .. } = &mut *state;
        let (mut count, mut group) = (0, Vec::<Box<dyn Commands>>::new());
        for command in take(waiting) {
            // Nobody waits for it any more.
            let Some(waited) = command.waited() else { continue };
            if waited > TURN {
                command.answer(Err("too much else was to be done first"));
                continue;
            }
            let keys = command.keys();
            if count >= GROUP || keys.iter().any(|key| busy.contains(key)) {
                waiting.push_back(command);
                continue;
            }
            count += keys.len();
            busy.extend(keys);
            let unlike = group.iter_mut().try_fold(command, |command, kind| kind.absorb(command));
            group.extend(unlike);
        }
        state.attended = !group.is_empty();
        drop(state);
        group.sort_by_key(|kind| kind.keys().into_iter().min());
        (!group.is_empty()).then_some(group)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn answer(group: Vec<Box<dyn Commands>>, committed: Result<(), &str>) {
    for commands in group {
        commands.answer(committed);
    }
}
