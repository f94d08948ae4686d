//! Email addresses: what an account is known by.

use std::fmt;

use email_address::{EmailAddress, Options};
use serde::Serialize;
use thiserror::Error;

/// RFC 5321, section 4.5.3.1.3: a path has 256 octets, of which the brackets are two.
const LONGEST: usize = 254;

/// An email address, in the one spelling that is compared: trimmed and in lower case.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Email(String);

/// The text is no email address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must be an email address, such as ada@example.com")]
pub struct NotAnEmail;

impl Email {
    /// Reads an address (RFC 5322, section 3.4.1) without a display name.
    ///
    /// # Errors
    /// [`NotAnEmail`].
    pub fn parse(text: &str) -> Result<Self, NotAnEmail> {
        // The domain could be in lower case alone by RFC 5321; no provider tells `Ada@` from `ada@`, and people do not.
        let email = text.trim().to_lowercase();
        let options = Options::default().without_display_text().without_domain_literal();
        let too_long = email.len() > LONGEST || text.chars().count() > LONGEST;
        if too_long || EmailAddress::parse_with_options(&email, options).is_err() {
            return Err(NotAnEmail);
        }
        Ok(Self(email))
    }

    /// An address as the store has it.
    #[must_use]
    pub const fn stored(text: String) -> Self {
        Self(text)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn two_spellings_are_one_address() {
        assert_eq!(Email::parse(" Ada@Example.COM ").unwrap(), Email::parse("ada@example.com").unwrap());
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long = format!("{}@{}.com", "a".repeat(64), "b".repeat(200));
        for wrong in
            ["", " ", "ada", "@example.com", "ada@", "a b@example.com", "Ada <ada@example.com>", &long]
        {
            assert_eq!(Email::parse(wrong), Err(NotAnEmail), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn an_address_that_was_read_is_read_as_itself(text in "\\PC{0,40}|[a-zA-Z.+]{1,10}@[a-zA-Z]{1,10}\\.[a-z]{2,3}") {
            if let Ok(email) = Email::parse(&text) {
                prop_assert_eq!(Email::parse(email.as_str()), Ok(email));
            }
        }
    }
}
