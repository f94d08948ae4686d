//! Keys that are put into the folder, or taken away, while the service runs.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError, RwLock, Weak},
    time::Duration,
};

use async_trait::async_trait;
use contracts::rpc::PublicKeySet;
use platform::{
    Clock,
    auth::{Claims, KeySource, SignError},
    messaging::RpcError,
};
use tokio::time::{MissedTickBehavior, interval};

use super::{KeyError, folder, ring::KeyRing};

/// How often the folder is looked at.
const LOOK: Duration = Duration::from_secs(2);

/// The keys of this service, as the folder has them.
pub struct Keys {
    folder: PathBuf,
    clock: Clock,
    ring: RwLock<Arc<KeyRing>>,
    /// What was wrong with the folder at the last look: it is told once.
    fault: Mutex<Option<String>>,
}

impl Keys {
    /// The keys in `folder`. If there are none and `generate` says so, one is made.
    ///
    /// # Errors
    /// [`KeyError`]; a single key that is unfit refuses the whole folder.
    pub fn load(folder: PathBuf, generate: bool, clock: Clock) -> Result<Arc<Self>, KeyError> {
        let ring = folder::load(&folder, generate, clock.now())?;
        let ring = RwLock::new(Arc::new(ring));
        Ok(Arc::new(Self { folder, clock, ring, fault: Mutex::default() }))
    }

    /// Follows the folder from now on, for as long as somebody holds these keys. Has to be called within a Tokio runtime.
    pub fn follow(self: &Arc<Self>) {
        let keys = Arc::downgrade(self);
        tokio::spawn(async move {
            let mut every = interval(LOOK);
            every.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                every.tick().await;
                let Some(keys) = Weak::upgrade(&keys) else { return };
                // It reads files. A look that panicked is followed by another.
                tokio::task::spawn_blocking(move || keys.look()).await.ok();
            }
        });
    }

    /// Takes over what the folder has now. If it cannot be used, everything stays as it was: half a key must not end the
    /// service.
    fn look(&self) {
        let found = folder::read(&self.folder)
            .and_then(|ring| ring.ok_or_else(|| KeyError::Missing(self.folder.clone())));
        let fault = found.map(|ring| self.replace(ring)).err().map(|error| error.to_string());
        let mut told = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(error) = fault.as_ref().filter(|_| *told != fault) {
            tracing::error!(%error, "the signing keys stay as they were");
        }
        *told = fault;
    }

    fn replace(&self, found: KeyRing) {
        let former = self.ring();
        if found.public() == former.public() {
            return;
        }
        let ring = found.after(&former, self.clock.now());
        tracing::info!(keys = ring.public().keys.len(), "the signing keys have changed");
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ring);
    }

    fn ring(&self) -> Arc<KeyRing> {
        Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// A token that says `claims`.
    ///
    /// # Errors
    /// [`SignError::NotSigned`].
    pub fn sign(&self, claims: &Claims) -> Result<String, SignError> {
        self.ring().sign(claims, self.clock.now())
    }

    /// What the world verifies with, the newest first.
    #[must_use]
    pub fn public(&self) -> PublicKeySet {
        self.ring().public()
    }
}

/// For this service's own use, which need not ask anybody.
#[async_trait]
impl KeySource for Keys {
    async fn keys(&self) -> Result<PublicKeySet, RpcError> {
        Ok(self.public())
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::OpenOptionsExt as _, path::Path};

    use contracts::{CustomerId, SessionId, Timestamp};
    use platform::auth::Role;

    use super::*;
    use crate::keys::{ring::SETTLING, rotate};

    fn keys(folder: &Path) -> (Arc<Keys>, Clock) {
        let clock = Clock::manual(Timestamp::from_micros(1_800_000_000_000_000));
        rotate(folder, clock.now()).unwrap();
        (Keys::load(folder.to_owned(), false, clock.clone()).unwrap(), clock)
    }

    /// The id of the key that signs now.
    fn signs(keys: &Keys) -> String {
        let (customer, session) = (CustomerId::new(), SessionId::new());
        let claims = Claims::new(customer, session, Role::Customer, keys.clock.now(), LOOK);
        let header = keys.sign(&claims).unwrap().split('.').next().unwrap().to_owned();
        let header =
            base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, header).unwrap();
        let header: serde_json::Value = serde_json::from_slice(&header).unwrap();
        header["kid"].as_str().unwrap().to_owned()
    }

    fn published(keys: &Keys) -> Vec<String> {
        keys.public().keys.into_iter().map(|key| key.kid).collect()
    }

    fn put(path: &Path, text: &str) {
        let mut options = fs::OpenOptions::new();
        let mut file = options.create(true).truncate(true).write(true).mode(0o600).open(path).unwrap();
        std::io::Write::write_all(&mut file, text.as_bytes()).unwrap();
    }

    #[test]
    fn a_new_key_is_published_at_once_and_signs_when_everybody_knows_it() {
        let home = tempfile::tempdir().unwrap();
        let (keys, clock) = keys(home.path());
        let old = signs(&keys);
        clock.set(clock.now() + Duration::from_hours(1));
        let new = rotate(home.path(), clock.now()).unwrap();
        keys.look();
        assert_eq!(published(&keys), [new.clone(), old.clone()]);
        assert_eq!(signs(&keys), old);
        clock.set(clock.now() + SETTLING);
        keys.look();
        assert_eq!(signs(&keys), new);
    }

    #[test]
    fn a_key_that_is_taken_away_is_gone_at_once_and_the_rest_signs() {
        let home = tempfile::tempdir().unwrap();
        let (keys, clock) = keys(home.path());
        let old = fs::read_dir(home.path()).unwrap().find_map(|entry| {
            let path = entry.unwrap().path();
            path.extension().is_some_and(|it| it == "pem").then_some(path)
        });
        let new = rotate(home.path(), clock.now()).unwrap();
        fs::remove_file(old.unwrap()).unwrap();
        keys.look();
        assert_eq!(published(&keys), std::slice::from_ref(&new));
        assert_eq!(signs(&keys), new, "there is no other");
    }

    #[test]
    fn an_unfit_file_changes_nothing_until_it_is_mended() {
        let home = tempfile::tempdir().unwrap();
        let (keys, _) = keys(home.path());
        let (old, file) = (signs(&keys), home.path().join("1900000000-new.pem"));
        let whole = platform::auth::Signer::generate().unwrap();
        let pem = whole.to_pem();
        for half in ["", &pem[..pem.len() / 2]] {
            put(&file, half);
            keys.look();
            assert_eq!((published(&keys), signs(&keys)), (vec![old.clone()], old.clone()));
        }
        put(&file, &pem);
        keys.look();
        assert_eq!(published(&keys), [whole.jwk().kid, old]);
    }

    #[test]
    fn an_empty_folder_does_not_end_the_service() {
        let home = tempfile::tempdir().unwrap();
        let (keys, _) = keys(&home.path().join("keys"));
        let old = signs(&keys);
        fs::remove_dir_all(home.path().join("keys")).unwrap();
        keys.look();
        assert_eq!(signs(&keys), old);
    }
}
