use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use contracts::{CustomerId, SessionId};
use jsonwebtoken::{EncodingKey, Header};
use tokio::{sync::Notify, task::JoinHandle};

use super::{
    super::{Role, Signer},
    *,
};

struct Source {
    answer: Mutex<Result<PublicKeySet, RpcError>>,
    asked: AtomicUsize,
    was_asked: Notify,
}

#[async_trait]
impl KeySource for Source {
    async fn keys(&self) -> Result<PublicKeySet, RpcError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.was_asked.notify_one();
        self.answer.lock().unwrap().clone()
    }
}

impl Source {
    fn publishes(&self, signers: &[&Signer]) {
        let keys = signers.iter().map(|signer| signer.jwk()).collect();
        *self.answer.lock().unwrap() = Ok(PublicKeySet { keys });
    }

    fn goes_away(&self) {
        *self.answer.lock().unwrap() = Err(away());
    }

    fn times_asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

fn away() -> RpcError {
    RpcError::Unavailable("customer".into())
}

fn shop() -> (Signer, Arc<Source>, Clock, Verifier) {
    let signer = Signer::generate().unwrap();
    let source = Arc::new(Source {
        answer: Mutex::new(Err(away())),
        asked: AtomicUsize::new(0),
        was_asked: Notify::new(),
    });
    source.publishes(&[&signer]);
    let clock = Clock::manual(Timestamp::now());
    let verifier = Verifier::new(source.clone(), clock.clone());
    (signer, source, clock, verifier)
}

fn claims() -> Claims {
    let lifetime = Duration::from_secs(900);
    Claims::new(CustomerId::new(), SessionId::new(), Role::Staff, Timestamp::now(), lifetime)
}

fn advance(clock: &Clock, by: Duration) {
    clock.set(clock.now() + by);
}

#[tokio::test]
async fn one_question_serves_many_tokens() {
    let (signer, source, _, verifier) = shop();
    let claims = claims();
    let token = signer.sign(&claims).unwrap();
    for _ in 0..3 {
        assert_eq!(verifier.verify(&token).await, Ok(claims.clone()));
    }
    assert_eq!(source.times_asked(), 1);
}

/// Somebody who warms up, and has asked once in vain.
async fn warming_up_in_an_outage(source: &Source, verifier: &Verifier) -> JoinHandle<()> {
    source.goes_away();
    let early = verifier.clone();
    let warming = tokio::spawn(async move { early.warm_up().await });
    source.was_asked.notified().await;
    warming
}

#[tokio::test(start_paused = true)]
async fn whoever_has_warmed_up_has_keys_when_the_first_token_comes_although_customer_is_away() {
    let (signer, source, _, verifier) = shop();
    let warming = warming_up_in_an_outage(&source, &verifier).await;
    source.publishes(&[&signer]);
    warming.await.unwrap();
    source.goes_away();
    let (asked, claims) = (source.times_asked(), claims());
    assert_eq!(verifier.verify(&signer.sign(&claims).unwrap()).await, Ok(claims));
    assert_eq!(source.times_asked(), asked);
}

#[tokio::test]
async fn what_fails_while_it_warms_up_is_not_held_against_the_first_token() {
    let (signer, source, _, verifier) = shop();
    let warming = warming_up_in_an_outage(&source, &verifier).await;
    source.publishes(&[&signer]);
    let claims = claims();
    assert_eq!(verifier.verify(&signer.sign(&claims).unwrap()).await, Ok(claims));
    warming.await.unwrap();
}

#[tokio::test]
async fn a_token_without_a_signature_is_refused_and_causes_no_question() {
    let (signer, source, _, verifier) = shop();
    let header = format!(r#"{{"alg":"none","typ":"JWT","kid":"{}"}}"#, signer.jwk().kid);
    let body = serde_json::to_string(&claims()).unwrap();
    let unsigned = format!("{}.{}.", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(body));
    for forged in [unsigned.as_str(), "", "a.b.c", "..", "ÿ"] {
        assert_eq!(verifier.verify(forged).await, Err(AuthError::Invalid), "{forged}");
    }
    assert_eq!(source.times_asked(), 0);
}

#[tokio::test]
async fn the_public_key_is_no_shared_secret() {
    let (signer, _, _, verifier) = shop();
    let header = Header { kid: Some(signer.jwk().kid), ..Header::new(Algorithm::HS256) };
    let secret = EncodingKey::from_secret(&URL_SAFE_NO_PAD.decode(signer.jwk().x).unwrap());
    let forged = jsonwebtoken::encode(&header, &claims(), &secret).unwrap();
    assert_eq!(verifier.verify(&forged).await, Err(AuthError::Invalid));
}

#[tokio::test]
async fn another_key_under_our_key_id_is_refused() {
    let (signer, _, _, verifier) = shop();
    let theirs = Signer::generate().unwrap().sign(&claims()).unwrap();
    let ours = signer.sign(&claims()).unwrap();
    let (header, _) = ours.split_once('.').unwrap();
    let (_, rest) = theirs.split_once('.').unwrap();
    assert_eq!(verifier.verify(&format!("{header}.{rest}")).await, Err(AuthError::Invalid));
}

#[tokio::test]
async fn another_issuer_is_refused() {
    let (signer, _, _, verifier) = shop();
    let token = signer.sign(&Claims { iss: "elsewhere".into(), ..claims() }).unwrap();
    assert_eq!(verifier.verify(&token).await, Err(AuthError::Invalid));
}

#[tokio::test]
async fn a_flood_of_unknown_key_ids_causes_one_question_in_five_seconds() {
    let (signer, source, clock, verifier) = shop();
    verifier.verify(&signer.sign(&claims()).unwrap()).await.unwrap();
    for round in 1..=3 {
        for _ in 0..20 {
            let forged = Signer::generate().unwrap().sign(&claims()).unwrap();
            assert_eq!(verifier.verify(&forged).await, Err(AuthError::Invalid));
        }
        assert_eq!(source.times_asked(), round);
        advance(&clock, PAUSE);
    }
}

#[tokio::test]
async fn a_new_key_is_found_when_a_token_names_it() {
    let (old, source, clock, verifier) = shop();
    verifier.verify(&old.sign(&claims()).unwrap()).await.unwrap();
    let new = Signer::generate().unwrap();
    source.publishes(&[&new, &old]);
    advance(&clock, PAUSE);
    assert!(verifier.verify(&new.sign(&claims()).unwrap()).await.is_ok());
    assert!(verifier.verify(&old.sign(&claims()).unwrap()).await.is_ok());
}

#[tokio::test]
async fn a_key_that_was_taken_away_is_refused_before_a_minute_has_passed() {
    let (old, source, clock, verifier) = shop();
    let (token, new) = (old.sign(&claims()).unwrap(), Signer::generate().unwrap());
    verifier.verify(&token).await.unwrap();
    source.publishes(&[&new]);
    advance(&clock, CURRENT - Duration::from_secs(1));
    assert!(verifier.verify(&token).await.is_ok(), "nobody has been asked yet");
    advance(&clock, Duration::from_secs(1));
    assert_eq!(verifier.verify(&token).await, Err(AuthError::Invalid));
    assert!(verifier.verify(&new.sign(&claims()).unwrap()).await.is_ok());
}

#[tokio::test]
async fn only_the_first_token_waits_for_a_source_that_is_away() {
    let (signer, source, clock, verifier) = shop();
    let token = signer.sign(&claims()).unwrap();
    verifier.verify(&token).await.unwrap();
    source.goes_away();
    advance(&clock, CURRENT);
    for _ in 0..3 {
        assert!(verifier.verify(&token).await.is_ok());
    }
    assert_eq!(source.times_asked(), 2);
}

#[tokio::test]
async fn known_keys_outlive_their_source_by_an_hour() {
    let (signer, source, clock, verifier) = shop();
    let token = signer.sign(&claims()).unwrap();
    verifier.verify(&token).await.unwrap();
    source.was_asked.notified().await;
    source.goes_away();

    advance(&clock, Duration::from_mins(59));
    assert!(verifier.verify(&token).await.is_ok());
    source.was_asked.notified().await;

    advance(&clock, Duration::from_mins(1));
    assert_eq!(verifier.verify(&token).await, Err(AuthError::KeysUnavailable(away())));
}

#[tokio::test]
async fn an_unknown_key_is_no_reason_to_sign_in_again_while_the_source_is_away() {
    let (signer, source, clock, verifier) = shop();
    let token = signer.sign(&claims()).unwrap();
    source.goes_away();
    let unavailable = Err(AuthError::KeysUnavailable(away()));
    assert_eq!(verifier.verify(&token).await, unavailable);
    source.publishes(&[&signer]);
    assert_eq!(verifier.verify(&token).await, unavailable, "asked a moment ago");
    advance(&clock, PAUSE_WITHOUT_KEYS);
    assert!(verifier.verify(&token).await.is_ok());
}

fn verified(verifier: &Verifier, token: &str) -> Result<Claims, AuthError> {
    // No token here makes it wait for anything.
    futures::executor::block_on(verifier.verify(token))
}

proptest::proptest! {
    #[test]
    fn a_token_of_which_anything_was_changed_is_not_believed(place: proptest::sample::Index, put in "[A-Za-z0-9_.-]") {
        let (signer, _, clock, verifier) = shop();
        let claims = Claims::new(CustomerId::new(), SessionId::new(), Role::Customer, clock.now(), Duration::from_mins(15));
        let token = signer.sign(&claims).unwrap();
        proptest::prop_assert_eq!(verified(&verifier, &token), Ok(claims));
        let place = place.index(token.len());
        let changed = format!("{}{put}{}", &token[..place], &token[place + 1..]);
        proptest::prop_assert!(changed == token || verified(&verifier, &changed).is_err(), "{}", changed);
    }

    #[test]
    fn whatever_is_sent_as_a_token_is_not_valid(token in "\\PC{0,80}|[A-Za-z0-9_-]{0,40}\\.[A-Za-z0-9_-]{0,40}\\.[A-Za-z0-9_-]{0,40}") {
        let (_, source, _, verifier) = shop();
        proptest::prop_assert_eq!(verified(&verifier, &token), Err(AuthError::Invalid));
        proptest::prop_assert_eq!(source.times_asked(), 0, "a stranger causes no question");
    }

    #[test]
    fn whatever_a_header_says_of_its_algorithm_it_is_not_believed(algorithm in "\\PC{0,9}|none|HS256|RS256|EdDSA", signature in "[A-Za-z0-9_-]{0,86}") {
        let (signer, _, clock, verifier) = shop();
        let claims = Claims::new(CustomerId::new(), SessionId::new(), Role::Staff, clock.now(), Duration::from_mins(15));
        let header = serde_json::json!({ "typ": "JWT", "alg": algorithm, "kid": signer.jwk().kid });
        let part = |json: &serde_json::Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let token = format!("{}.{}.{signature}", part(&header), part(&serde_json::to_value(&claims).unwrap()));
        proptest::prop_assert_eq!(verified(&verifier, &token), Err(AuthError::Invalid));
    }
}
