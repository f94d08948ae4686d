//! Hashes passwords with Argon2id (RFC 9106), a few at a time: each takes 19 MiB and a core for tens of milliseconds.
//!
//! The threads are our own and not those of the runtime, and each keeps the memory that it hashes in: freed and allocated
//! again for each password it would pile up in the allocator, to hundreds of MiB.

use std::{
    cell::RefCell,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError, mpsc},
    time::Duration,
};

use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::{self, phc},
};
use thiserror::Error;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::domain::{Password, PasswordHash};

/// Threads that hash, at the most.
const MOST_AT_ONCE: usize = 64;
/// How long to wait for a place before the client is sent away.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why a password was neither hashed nor compared.
#[derive(Debug, Error)]
pub enum HashingError {
    /// Too many passwords wait already: try again in a moment.
    #[error("too many passwords are being hashed")]
    Busy,
    /// The algorithm refused, or the stored hash is none.
    #[error("a password could not be hashed: {0}")]
    Failed(String),
}

/// Hashes and compares passwords. Clones share their places.
#[derive(Clone)]
pub struct Hasher {
    places: Arc<Semaphore>,
    threads: mpsc::Sender<Work>,
    patience: Duration,
    /// What the password of an account that does not exist is compared with, so that it takes as long.
    nobody: Arc<PasswordHash>,
}

/// The right to keep one core busy. It is given back when it is dropped.
pub struct Place {
    permit: OwnedSemaphorePermit,
    threads: mpsc::Sender<Work>,
    nobody: Arc<PasswordHash>,
}

impl Hasher {
    /// Hashes `at_once` passwords at the same time, one at least.
    #[must_use]
    pub fn new(at_once: usize) -> Self {
        Self::with_patience(at_once, PATIENCE)
    }

    fn with_patience(at_once: usize, patience: Duration) -> Self {
        let at_once = at_once.clamp(1, MOST_AT_ONCE);
        let places = Arc::new(Semaphore::new(at_once));
        Self { places, threads: threads(at_once), patience, nobody: Arc::new(nobodys()) }
    }

    /// Waits for a place, at most a few seconds.
    ///
    /// # Errors
    /// [`HashingError::Busy`].
    pub async fn enter(&self) -> Result<Place, HashingError> {
        let place = Arc::clone(&self.places).acquire_owned();
        let permit = tokio::time::timeout(self.patience, place).await;
        let permit = permit.ok().and_then(Result::ok).ok_or(HashingError::Busy)?;
        Ok(Place { permit, threads: self.threads.clone(), nobody: Arc::clone(&self.nobody) })
    }

    /// Hashes `password` with a fresh salt.
    ///
    /// # Errors
    /// [`HashingError`].
    pub async fn hash(&self, password: &Password) -> Result<PasswordHash, HashingError> {
        let place = self.enter().await?;
        let password = password.clone();
        let hash = move || {
            let (params, salt) = (Params::default(), phc::Salt::generate());
            let hash = phc::PasswordHash {
                algorithm: Algorithm::Argon2id.ident(),
                version: Some(Version::V0x13.into()),
                params: phc::ParamsString::try_from(&params)?,
                salt: Some(salt),
                hash: Some(compute(password.expose(), &salt, params)?),
            };
            Ok(PasswordHash::new(hash.to_string()))
        };
        place.run(hash).await.map(|(hash, _)| hash)
    }
}

impl Place {
    /// Whether `password` is that of `hash`; never for `None`, which takes the same time.
    ///
    /// # Returns
    /// The answer, and the place: who counts failures does so before the next one is let in.
    ///
    /// # Errors
    /// [`HashingError::Failed`].
    pub async fn verify(
        self,
        password: &Password,
        hash: Option<&PasswordHash>,
    ) -> Result<(bool, Self), HashingError> {
        let known = hash.is_some();
        let hash = hash.cloned().unwrap_or_else(|| (*self.nobody).clone());
        let password = password.clone();
        let compare = move || {
            let hash = phc::PasswordHash::new(hash.as_str())?;
            let (Some(salt), Some(expected)) = (hash.salt, hash.hash) else {
                return Err(password_hash::Error::EncodingInvalid);
            };
            // Compared in constant time: see `phc::Output`.
            Ok(compute(password.expose(), &salt, Params::try_from(&hash)?)? == expected && known)
        };
        self.run(compare).await
    }

    /// The place goes along: a client that hangs up does not make room for another before its hash is done.
    async fn run<T, F>(self, work: F) -> Result<(T, Self), HashingError>
    where
        T: Send + 'static,
        F: FnOnce() -> password_hash::Result<T> + Send + 'static,
    {
        let failed = |error: &dyn fmt::Display| HashingError::Failed(error.to_string());
        let (sender, answer) = oneshot::channel();
        let threads = self.threads.clone();
        // A client that has hung up does not hear the answer.
        let work: Work = Box::new(move || drop(sender.send((work(), self))));
        threads.send(work).map_err(|_| failed(&"there is no thread to do it"))?;
        answer
            .await
            .map_err(|_| failed(&"the thread that did it panicked"))
            .and_then(|(outcome, place)| outcome.map(|value| (value, place)).map_err(|error| failed(&error)))
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Place").field("permit", &self.permit).finish_non_exhaustive()
    }
}

thread_local! {
    /// What a thread hashes in.
    static MEMORY: RefCell<Vec<Block>> = const { RefCell::new(Vec::new()) };
}

/// What Argon2id makes of `password`.
fn compute(password: &str, salt: &phc::Salt, params: Params) -> password_hash::Result<phc::Output> {
    let mut output = [0; Params::DEFAULT_OUTPUT_LEN];
    MEMORY.with_borrow_mut(|memory| {
        if memory.len() < params.block_count() {
            memory.resize(params.block_count(), Block::default());
        }
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        argon2.hash_password_into_with_memory(password.as_bytes(), salt, &mut output, memory.as_mut_slice())
    })?;
    Ok(phc::Output::new(&output)?)
}

type Work = Box<dyn FnOnce() + Send>;

/// Starts `count` threads that do what is sent to them until nobody can send any more.
fn threads(count: usize) -> mpsc::Sender<Work> {
    let (sender, receiver) = mpsc::channel::<Work>();
    let receiver = Arc::new(Mutex::new(receiver));
    for _ in 0..count {
        let receiver = Arc::clone(&receiver);
        let work = move || {
            loop {
                let next = receiver.lock().unwrap_or_else(PoisonError::into_inner).recv();
                let Ok(work) = next else { return };
                // Whoever waits for the answer learns of a panic by getting none.
                catch_unwind(AssertUnwindSafe(work)).ok();
            }
        };
        if let Err(error) = std::thread::Builder::new().name("password-hasher".to_owned()).spawn(work) {
            tracing::error!(%error, "a thread to hash passwords on could not be started");
        }
    }
    sender
}

/// A hash that no password has: it was not computed. It costs what one with the parameters of today costs.
fn nobodys() -> PasswordHash {
    let (m, t, p) = (Params::DEFAULT_M_COST, Params::DEFAULT_T_COST, Params::DEFAULT_P_COST);
    PasswordHash::new(format!("$argon2id$v=19$m={m},t={t},p={p}${}${}", "A".repeat(22), "A".repeat(43)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_that_of_its_hash_and_of_no_other() {
        let hasher = Hasher::new(1);
        let password = Password::attempt("correct horse");
        let hash = hasher.hash(&password).await.unwrap();
        let nobodys = nobodys();
        for (password, hash, right) in [
            (&password, Some(&hash), true),
            (&Password::attempt("Correct horse"), Some(&hash), false),
            (&password, None, false),
            (&password, Some(&nobodys), false),
        ] {
            let (answer, _place) = hasher.enter().await.unwrap().verify(password, hash).await.unwrap();
            assert_eq!(answer, right);
        }
    }

    #[tokio::test]
    async fn an_unknown_account_costs_what_a_known_one_costs() {
        let hash = Hasher::new(1).hash(&Password::attempt("correct horse")).await.unwrap();
        let cost = |hash: &PasswordHash| hash.as_str().split('$').take(4).collect::<Vec<_>>().join("$");
        assert_eq!(cost(&hash), cost(&nobodys()));
    }

    #[tokio::test]
    async fn who_finds_no_place_is_sent_away() {
        let hasher = Hasher::with_patience(1, Duration::ZERO);
        let place = hasher.enter().await.unwrap();
        assert!(matches!(hasher.enter().await, Err(HashingError::Busy)));
        drop(place);
        assert!(hasher.enter().await.is_ok());
    }

    #[tokio::test]
    async fn a_stored_hash_that_is_none_is_a_failure_and_no_wrong_password() {
        let place = Hasher::new(1).enter().await.unwrap();
        let outcome = place.verify(&Password::attempt("x"), Some(&PasswordHash::new("x".to_owned()))).await;
        assert!(matches!(outcome, Err(HashingError::Failed(_))));
    }
}
