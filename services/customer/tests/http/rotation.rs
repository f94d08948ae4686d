//! Keys that are rotated while the service and those who verify its tokens run.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use contracts::rpc::{PublicKeySet, PublicKeys};
use platform::{
    auth::{AuthError, KeySource, Verifier},
    messaging::{RpcClient, RpcError},
};
use tokio::time::{interval, timeout};

use crate::service::{PASSWORD, Shop};

/// How long the service may take to notice what is in its folder.
const LIMIT: Duration = Duration::from_secs(20);
/// The longest that a key which was taken away is believed by another service.
const BELIEVED: Duration = Duration::from_secs(45);
/// How long a new key is published before it signs.
const SETTLING: Duration = Duration::from_secs(60);

struct ByRpc(RpcClient);

#[async_trait]
impl KeySource for ByRpc {
    async fn keys(&self) -> Result<PublicKeySet, RpcError> {
        self.0.ask(&PublicKeys {}).await
    }
}

/// Waits until the service publishes `keys`, and nothing else.
async fn until_published(shop: &Shop, keys: &[&str]) {
    let waiting = async {
        let mut look = interval(Duration::from_millis(20));
        loop {
            look.tick().await;
            let set = shop.rpc.ask(&PublicKeys {}).await.expect("an answer");
            if set.keys.iter().map(|key| &key.kid).eq(keys) {
                return;
            }
        }
    };
    timeout(LIMIT, waiting).await.expect("the keys to be published");
}

async fn token(shop: &Shop) -> String {
    shop.log_in("ada@example.com", PASSWORD).await.text("access_token").to_owned()
}

#[tokio::test]
async fn keys_are_rotated_without_a_restart_and_without_a_refused_token() {
    let shop = Shop::new().await;
    let elsewhere = Verifier::new(Arc::new(ByRpc(shop.rpc.clone())), shop.clock.clone());
    shop.sign_up("ada@example.com").await;
    let first = token(&shop).await;
    elsewhere.verify(&first).await.unwrap();

    let old = customer::list_keys(&shop.keys()).unwrap().remove(0);
    let new = customer::rotate_keys(&shop.keys(), shop.clock.now()).unwrap();
    until_published(&shop, &[&new, &old.kid]).await;
    // Those who asked a moment before the rotation know the old key alone, and that is what still signs.
    elsewhere.verify(&token(&shop).await).await.unwrap();

    shop.clock.set(shop.clock.now() + SETTLING);
    let second = token(&shop).await;
    for token in [&first, &second] {
        elsewhere.verify(token).await.unwrap();
    }

    std::fs::remove_file(old.path).unwrap();
    until_published(&shop, &[&new]).await;
    shop.clock.set(shop.clock.now() + BELIEVED);
    assert_eq!(elsewhere.verify(&first).await, Err(AuthError::Invalid));
    elsewhere.verify(&second).await.unwrap();
    assert_eq!(shop.get("/profile", &first).await.status, rocket::http::Status::Unauthorized);
    assert_eq!(shop.get("/profile", &second).await.status, rocket::http::Status::Ok);
}
