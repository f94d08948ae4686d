//! Tokens whose signature was found good. To look one up takes a hundredth of what verifying it does, and a client sends
//! the same one with each of its requests.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::Claims;

/// How many are remembered: about a megabyte.
const ROOM: usize = 2_048;

/// The tokens, each with the key that signed it and what it says.
///
/// That a signature is good never changes. Whether its key is still trusted, and whether the token has expired or was
/// revoked, has to be asked each time.
#[derive(Default)]
pub(super) struct Verified(Mutex<Generations>);

/// Those that were used of late, and those that were before.
#[derive(Default)]
struct Generations {
    current: Tokens,
    former: Tokens,
}

/// By token: the key that signed it, and what it says.
type Tokens = HashMap<Box<str>, (Box<str>, Claims)>;

impl Verified {
    /// The id of the key that signed `token`, and its claims, if that is remembered.
    pub fn find(&self, token: &str) -> Option<(Box<str>, Claims)> {
        let mut generations = self.generations();
        if let Some(found) = generations.current.get(token) {
            return Some(found.clone());
        }
        let (token, found) = generations.former.remove_entry(token)?;
        generations.add(token, found.clone());
        Some(found)
    }

    /// Remembers that the key `kid` signed `token`.
    pub fn remember(&self, token: &str, kid: &str, claims: &Claims) {
        self.generations().add(token.into(), (kid.into(), claims.clone()));
    }

    fn generations(&self) -> MutexGuard<'_, Generations> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Generations {
    /// Forgets those that have not been used for longest if there is no room.
    fn add(&mut self, token: Box<str>, found: (Box<str>, Claims)) {
        if self.current.len() >= ROOM / 2 {
            self.former = std::mem::take(&mut self.current);
        }
        self.current.insert(token, found);
    }
}

#[cfg(test)]
mod tests {
    use contracts::{CustomerId, SessionId};
    use uuid::Uuid;

    use super::*;
    use crate::auth::{ISSUER, Role};

    fn claims() -> Claims {
        let (sub, sid) = (CustomerId(Uuid::nil()), SessionId(Uuid::nil()));
        Claims { sub, sid, role: Role::Customer, iss: ISSUER.to_owned(), iat: 0, exp: 0 }
    }

    #[test]
    fn only_the_very_token_is_found() {
        let verified = Verified::default();
        verified.remember("header.claims.signature", "key", &claims());
        assert_eq!(verified.find("header.claims.signature"), Some(("key".into(), claims())));
        assert_eq!(verified.find("header.claims.signaturf"), None);
        assert_eq!(verified.find("header.claims."), None);
    }

    #[test]
    fn a_flood_of_tokens_takes_no_more_than_its_room() {
        let verified = Verified::default();
        (0..ROOM * 3).for_each(|number| verified.remember(&number.to_string(), "key", &claims()));
        let generations = verified.generations();
        assert!(generations.current.len() + generations.former.len() <= ROOM);
    }

    #[test]
    fn what_is_used_is_remembered_however_many_come_by() {
        let verified = Verified::default();
        verified.remember("regular", "key", &claims());
        for number in 0..ROOM * 3 {
            verified.remember(&number.to_string(), "key", &claims());
            assert!(verified.find("regular").is_some(), "forgotten after {number}");
        }
    }
}
