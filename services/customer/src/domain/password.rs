//! Passwords, which no log may show.

use std::fmt;

use thiserror::Error;

const SHORTEST: usize = 8;
const LONGEST: usize = 128;
/// No letter or digit that could be taken for another: people copy these by hand.
const ALPHABET: &[u8] = b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
/// 24 characters of 56 are 139 bits.
const GENERATED: usize = 24;

/// A password as it was typed, spaces and all.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

/// A password that may not be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must have 8 to 128 characters")]
pub struct UnfitPassword;

impl Password {
    /// A password for an account.
    ///
    /// # Errors
    /// [`UnfitPassword`] if it has fewer than 8 or more than 128 characters (NIST SP 800-63B, section 5.1.1.2: length
    /// is the only rule).
    pub fn choose(text: impl Into<String>) -> Result<Self, UnfitPassword> {
        let text = text.into();
        if (SHORTEST..=LONGEST).contains(&text.chars().count()) { Ok(Self(text)) } else { Err(UnfitPassword) }
    }

    /// A password that somebody claims to be theirs: it need not be one that could be chosen.
    #[must_use]
    pub fn attempt(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// A random one of 24 characters.
    #[must_use]
    pub fn generate() -> Self {
        use rand::RngExt as _;
        let mut random = rand::rng();
        Self((0..GENERATED).map(|_| char::from(ALPHABET[random.random_range(0..ALPHABET.len())])).collect())
    }

    /// The text, to be hashed or to be shown to its owner.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// What is kept of a password: an Argon2id hash in the PHC string format.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// A hash as it was made or stored.
    #[must_use]
    pub const fn new(phc: String) -> Self {
        Self(phc)
    }

    /// The PHC string.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_is_counted_in_characters_and_is_the_only_rule() {
        for fit in ["12345678", "пароль ы", "        ", &"🦀".repeat(128)] {
            assert!(Password::choose(fit).is_ok(), "{fit}");
        }
        for unfit in ["", "1234567", "äöüß", &"a".repeat(129)] {
            assert_eq!(Password::choose(unfit), Err(UnfitPassword), "{unfit}");
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        let shown =
            format!("{:?} {:?}", Password::attempt("hunter22"), PasswordHash::new("$argon2id$x".to_owned()));
        assert_eq!(shown, "Password(…) PasswordHash(…)");
    }

    #[test]
    fn a_generated_password_may_be_chosen_and_is_another_each_time() {
        let (one, other) = (Password::generate(), Password::generate());
        assert_eq!(one.expose().len(), 24);
        assert!(Password::choose(one.expose()).is_ok() && one != other);
    }
}
