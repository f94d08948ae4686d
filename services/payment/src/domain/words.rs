//! The words that a payment is described with, as the store and the clients see them.

use std::{fmt, str::FromStr};

use serde::Serialize;
use thiserror::Error;
use utoipa::ToSchema;

/// A word that is none of those expected in its place.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("'{0}' is not a word for it")]
pub struct UnknownWord(String);

/// An enum of words, and the name that API documents call it by.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident as $public:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        #[schema(as = $public)]
        pub enum $name {
            $($(#[$doc])* $variant,)+
        }

        impl $name {
            /// The word itself.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;

            fn from_str(word: &str) -> Result<Self, UnknownWord> {
                match word {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(UnknownWord(word.to_owned())),
                }
            }
        }
    };
}

words! {
    /// Where a payment stands.
    Status as PaymentStatus {
        /// The provider holds the money.
        Authorised = "authorised",
        /// The provider said no.
        Declined = "declined",
        /// The held money is to become ours; the provider has not said yes yet.
        CaptureDue = "capture_due",
        /// The money is ours.
        Captured = "captured",
        /// What is held, if anything, is to be let go; the provider has not said yes yet.
        VoidDue = "void_due",
        /// Nothing is held, and nothing will be.
        Voided = "voided",
        /// The money is to go back; the provider has not said yes yet.
        RefundDue = "refund_due",
        /// The money went back.
        Refunded = "refunded",
    }
}

words! {
    /// What the provider is asked to do.
    Operation as PaymentOperation {
        /// To hold the money.
        Authorise = "authorise",
        /// To make the held money ours.
        Capture = "capture",
        /// To let go of what is held, and never to hold it.
        Void = "void",
        /// To give captured money back.
        Refund = "refund",
    }
}

words! {
    /// What became of an operation.
    Outcome as PaymentOutcome {
        /// It is to be done, and will be asked for until it is.
        Requested = "requested",
        /// The money is held.
        Held = "held",
        /// The provider said no.
        Declined = "declined",
        /// The money is ours.
        Captured = "captured",
        /// Nothing is held.
        Voided = "voided",
        /// The money went back.
        Refunded = "refunded",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_and_the_store_see_the_same_words() {
        for status in [Status::Authorised, Status::CaptureDue, Status::VoidDue, Status::RefundDue] {
            assert_eq!(status.as_str().parse(), Ok(status));
            assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
        }
        assert!("void due".parse::<Status>().is_err());
    }
}
