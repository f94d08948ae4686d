//! An account, as its owner sees it.

use contracts::{CustomerId, Timestamp};
use platform::auth::Role;

use super::Email;

/// What an account says of its owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Whose.
    pub id: CustomerId,
    /// What they sign in with.
    pub email: Email,
    /// What they are called.
    pub name: Option<String>,
    /// How they are called.
    pub phone: Option<String>,
    /// What they may do.
    pub role: Role,
    /// Since when they have it.
    pub created_at: Timestamp,
}

/// What is to change in a profile; what is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfileChanges {
    /// Another name, or none.
    pub name: Option<Option<String>>,
    /// Another phone number, or none.
    pub phone: Option<Option<String>>,
    /// Another email address.
    pub email: Option<Email>,
}

impl ProfileChanges {
    /// `profile` with these changes.
    #[must_use]
    pub fn apply(self, profile: Profile) -> Profile {
        Profile {
            name: self.name.unwrap_or(profile.name),
            phone: self.phone.unwrap_or(profile.phone),
            email: self.email.unwrap_or(profile.email),
            ..profile
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_mentioned_stays_and_what_is_null_goes() {
        let before = Profile {
            id: CustomerId::new(),
            email: Email::parse("ada@example.com").unwrap(),
            name: Some("Ada".to_owned()),
            phone: Some("123".to_owned()),
            role: Role::Customer,
            created_at: Timestamp::now(),
        };
        let changes = ProfileChanges { name: Some(None), ..ProfileChanges::default() };
        let after = changes.apply(before.clone());
        assert_eq!(after, Profile { name: None, ..before });
    }
}
