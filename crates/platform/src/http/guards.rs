//! Who calls: guards that read the bearer token (RFC 6750, section 2.1).

use async_trait::async_trait;
use rocket::{
    Request,
    request::{self, FromRequest},
};

use super::{Problem, refusal::guarded, service::serving};
use crate::auth::{Claims, Role};

/// Somebody who has signed in, of whatever role. Else 401.
#[derive(Clone, Debug)]
pub struct Caller(pub Claims);

/// Somebody who may have signed in: `None` if no token came along. A token that is no good is still a 401.
#[derive(Clone, Debug)]
pub struct MaybeCaller(pub Option<Claims>);

/// A member of staff. Else 401, or 403 for a customer.
#[derive(Clone, Debug)]
pub struct Staff(pub Claims);

#[async_trait]
impl<'r> FromRequest<'r> for MaybeCaller {
    type Error = Problem;

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, Problem> {
        guarded(request, claims(request).await.map(Self))
    }
}

#[async_trait]
impl<'r> FromRequest<'r> for Caller {
    type Error = Problem;

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, Problem> {
        guarded(request, caller(request).await.map(Self))
    }
}

#[async_trait]
impl<'r> FromRequest<'r> for Staff {
    type Error = Problem;

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, Problem> {
        let staff = caller(request).await.and_then(|claims| match claims.role {
            Role::Staff => Ok(Self(claims)),
            Role::Customer => Err(Problem::forbidden("This is for members of staff.")),
        });
        guarded(request, staff)
    }
}

async fn caller(request: &Request<'_>) -> Result<Claims, Problem> {
    claims(request)
        .await?
        .ok_or_else(|| Problem::unauthorized("Sign in, and send the access token: Authorization: Bearer …"))
}

async fn claims(request: &Request<'_>) -> Result<Option<Claims>, Problem> {
    let Some(header) = request.headers().get_one("Authorization") else {
        return Ok(None);
    };
    let bearer = bearer(header).ok_or_else(|| {
        Problem::unauthorized("The Authorization header has to be: Bearer, and the access token.")
    })?;
    let Some(context) = serving(request) else {
        tracing::error!("a route with a guard for callers is mounted outside of in_service");
        return Err(Problem::internal());
    };
    let claims = context.auth.authenticate(bearer).await?;
    tracing::Span::current().record("customer_id", tracing::field::display(claims.sub));
    Ok(Some(claims))
}

/// The token in an `Authorization` header. The name of the scheme has no case (RFC 9110, section 11.1).
fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_matches(' '))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_token_is_found_whatever_the_case_of_its_scheme(scheme in "[Bb][Ee][Aa][Rr][Ee][Rr]", gap in " {1,3}", token in "[!-~]{1,200}") {
            let header = format!("{scheme}{gap}{token}");
            prop_assert_eq!(bearer(&header), Some(&*token));
        }

        #[test]
        fn whatever_is_sent_it_is_no_token_of_another_scheme(header in "\\PC{0,60}|(Basic|Bearer|bearer)?[ \t]{0,3}[!-~]{0,20}") {
            let is_bearer = header.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("bearer "));
            prop_assert_eq!(bearer(&header).is_some(), is_bearer);
        }
    }
}
