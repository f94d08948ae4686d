//! What an error of PostgreSQL means: whether trying again may help.

use std::{error::Error, fmt};

use deadpool_postgres::PoolError;
use tokio_postgres::error::SqlState;

use crate::store::StoreError;

/// Classes of SQLSTATE that say nothing about the statement: connection exceptions, insufficient resources, operator
/// intervention (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
const PASSING: [&str; 3] = ["08", "53", "57"];

impl From<tokio_postgres::Error> for StoreError {
    fn from(error: tokio_postgres::Error) -> Self {
        let passing = error.is_closed()
            || match error.code() {
                None => true,
                Some(code) => {
                    PASSING.iter().any(|class| code.code().starts_with(class))
                        || [SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED]
                            .contains(code)
                        || *code == SqlState::LOCK_NOT_AVAILABLE
                        || *code == SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT
                        || *code == SqlState::READ_ONLY_SQL_TRANSACTION
                }
            };
        // Errors without a code come from the connection, except where this program misreads a row.
        let misread = error.code().is_none() && is_conversion(&error);
        if passing && !misread {
            Self::Unavailable(describe(&error))
        } else {
            Self::Failed(Box::new(Refused(error)))
        }
    }
}

/// What PostgreSQL refused, told by its SQLSTATE and its message. Its `DETAIL` is not told: that of a constraint has the
/// whole row in it, with addresses and password hashes.
pub struct Refused(tokio_postgres::Error);

impl Refused {
    /// The SQLSTATE, if it is the server that refused.
    #[must_use]
    pub fn code(&self) -> Option<&SqlState> {
        self.0.code()
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&describe(&self.0))
    }
}

impl fmt::Debug for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error for Refused {}

/// What it means that there is no connection: trying again is right, whatever the reason, which is told in full.
pub(super) fn no_connection(error: PoolError) -> StoreError {
    StoreError::Unavailable(match error {
        PoolError::Backend(error) => describe(&error),
        error => error.to_string(),
    })
}

fn is_conversion(error: &tokio_postgres::Error) -> bool {
    let text = error.to_string();
    text.contains("column") || text.contains("parameter") || text.contains("number of rows")
}

fn describe(error: &tokio_postgres::Error) -> String {
    if let Some(refused) = error.as_db_error() {
        return format!("{}: {}", refused.code().code(), refused.message());
    }
    error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {source}"))
}
