//! `Authorization` headers that no service may believe. Whatever can be claimed, they claim: each says it is staff.

use std::{fs, path::Path, time::Duration};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use contracts::{CustomerId, SessionId, Timestamp};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use platform::auth::{Claims, Role, Signer};
use serde::Serialize;
use serde_json::{Value, json};

const LIFETIME: Duration = Duration::from_mins(15);

/// A header, and what is wrong with it.
pub type Forged = (&'static str, String);

/// One of each kind. `keys` is the folder of the shop's own keys, for a token that is genuine and too old; `genuine` is a
/// customer's token, to be tampered with.
///
/// # Panics
/// If there is no key in the folder, or `genuine` is no token.
#[must_use]
pub fn headers(keys: &Path, genuine: &str) -> Vec<Forged> {
    let (ours, theirs) = (own_key(keys), Signer::generate().expect("a key"));
    let now = Timestamp::now();
    let kid = ours.jwk().kid;
    let staff = |at| Claims::new(CustomerId::new(), SessionId::new(), Role::Staff, at, LIFETIME);
    let foreign = Claims { iss: "somebody".to_owned(), ..staff(now) };
    let tokens = [
        ("expired", signed(&ours, &staff(now - LIFETIME * 2))),
        ("expired this second", signed(&ours, &staff(now - LIFETIME))),
        ("of another issuer", signed(&ours, &foreign)),
        ("signed by another key", signed(&theirs, &staff(now))),
        ("signed by another key in the name of ours", in_the_name_of(&kid, &theirs, &staff(now))),
        ("signed with the public key as a secret", by_secret(&kid, &ours.jwk().x, &staff(now))),
        ("not signed, of the algorithm none", unsigned("none", &kid, &staff(now))),
        ("not signed, of the algorithm NoNe", unsigned("NoNe", &kid, &staff(now))),
        ("not signed, of our algorithm", unsigned("EdDSA", &kid, &staff(now))),
        ("with its role changed", promoted(genuine)),
        ("without its last character", genuine[..genuine.len() - 1].to_owned()),
        ("without its signature", genuine.rsplit_once('.').expect("a token").0.to_owned()),
        ("empty", String::new()),
        ("garbage", "garbage".to_owned()),
    ];
    let bearers = tokens.map(|(fault, token)| (fault, format!("Bearer {token}")));
    let schemes =
        [("of another scheme", "Basic c3RhZmY6c3RhZmY=".to_owned()), ("a bare token", genuine.to_owned())];
    bearers.into_iter().chain(schemes).collect()
}

/// The newest of the shop's keys.
fn own_key(folder: &Path) -> Signer {
    let files = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = files.map(|file| file.expect("a file").path());
    let newest = paths.filter(|path| path.extension().is_some_and(|it| it == "pem")).max().expect("a key");
    Signer::from_pem(&fs::read_to_string(newest).expect("a key that can be read")).expect("a key")
}

fn signed(signer: &Signer, claims: &Claims) -> String {
    signer.sign(claims).expect("a token")
}

fn in_the_name_of(kid: &str, signer: &Signer, claims: &Claims) -> String {
    let pem = signer.to_pem();
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let key = EncodingKey::from_ed_der(&STANDARD.decode(body).expect("base64"));
    let header = Header { kid: Some(kid.to_owned()), ..Header::new(Algorithm::EdDSA) };
    jsonwebtoken::encode(&header, claims, &key).expect("a token")
}

/// What a verifier believes that lets the token say of which kind its key is.
fn by_secret(kid: &str, public: &str, claims: &Claims) -> String {
    let header = Header { kid: Some(kid.to_owned()), ..Header::new(Algorithm::HS256) };
    let secret = URL_SAFE_NO_PAD.decode(public).expect("a public key");
    jsonwebtoken::encode(&header, claims, &EncodingKey::from_secret(&secret)).expect("a token")
}

fn unsigned(algorithm: &str, kid: &str, claims: &Claims) -> String {
    let header = json!({ "typ": "JWT", "alg": algorithm, "kid": kid });
    format!("{}.{}.", part(&header), part(claims))
}

/// The token with the role of staff, and the signature that it had.
fn promoted(genuine: &str) -> String {
    let mut parts = genuine.split('.');
    let mut next = || parts.next().expect("a token has three parts");
    let (header, claims, signature) = (next(), next(), next());
    let claims = URL_SAFE_NO_PAD.decode(claims).expect("base64");
    let mut claims: Value = serde_json::from_slice(&claims).expect("claims");
    claims["role"] = json!(Role::Staff);
    format!("{header}.{}.{signature}", part(&claims))
}

fn part(json: &impl Serialize) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(json).expect("JSON"))
}
