//! Who may do what: every route of every service, asked by everybody who might ask.
//!
//! A route that is not in [`matrix`] fails the test, and so does one that is there no more.

mod matrix;
mod scene;

use std::collections::BTreeSet;

use contracts::Service;
use serde_json::Value;
use testkit::{Answer, Shop, forged::Forged};

use crate::shop;
use matrix::{MATRIX, Row};
use scene::{Person, Scene};

#[tokio::test]
async fn the_matrix_has_every_route_and_no_other() {
    let shop = shop().await;
    let mut described = BTreeSet::new();
    for service in Service::ALL {
        let document: Value = shop.client().get(&format!("/{service}/openapi.json")).await.expect(200).json();
        for (path, operations) in document["paths"].as_object().unwrap() {
            described.extend(
                operations.as_object().unwrap().keys().map(|verb| format!("{verb} /{service}{path}")),
            );
        }
    }
    let named = MATRIX.iter().map(|row| row.route().to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(named, described);
}

#[tokio::test]
async fn a_token_that_is_no_good_opens_nothing() {
    let shop = shop().await;
    let mut scene = Scene::set(&shop).await;
    let (unbelieved, before) = (unbelieved(&shop, &scene).await, scene.state().await);
    let client = shop.client();
    for row in MATRIX {
        for (fault, header) in &unbelieved {
            let call = row.call(&scene, &client).header("Authorization", header);
            let answer = call.await;
            assert_eq!(
                answer.status(),
                row.unbelieved,
                "{}, with a token that is {fault}: {answer}",
                row.asks
            );
            is_well_put(&answer);
        }
    }
    assert_eq!(scene.state().await, before);
    // What was refused to them works for those whom they wanted to be taken for.
    scene.find(&shop, Person::Staff).await.get("/shopping/orders?everyone=true").await.expect(200);
}

#[tokio::test]
async fn everybody_gets_what_is_theirs_and_nothing_else() {
    let shop = shop().await;
    let mut scene = Scene::set(&shop).await;
    for row in MATRIX {
        // The owner comes last: what the others were refused is still there to be refused.
        for (person, status) in [
            (Person::Nobody, row.nobody),
            (Person::Other, row.other),
            (Person::Staff, row.staff),
            (Person::Owner, row.owner),
        ] {
            let client = scene.find(&shop, person).await;
            let answer = row.call(&scene, &client).await;
            assert_eq!(answer.status(), status, "{}, asked by {person:?}: {answer}", row.asks);
            is_well_put(&answer);
            if row.ends_session && status < 300 {
                scene.has_left(person);
            }
        }
    }
    shop.audit().await.expect_clean();
}

#[tokio::test]
async fn an_order_of_somebody_else_looks_like_one_that_does_not_exist() {
    let shop = shop().await;
    let mut scene = Scene::set(&shop).await;
    let other = scene.find(&shop, Person::Other).await;
    let rows = MATRIX.iter().filter(|row| row.asks.contains("/orders/{id}") && row.other == 404);
    let rows: Vec<&Row> = rows.collect();
    assert!(rows.len() >= 4, "reading it, its steps, its events, cancelling it");
    for row in rows {
        let real = row.call(&scene, &other).await.problem(404);
        let missing = row.call(&scene.about_no_order(), &other).await.problem(404);
        assert_eq!(
            (real.kind, real.title, real.detail),
            (missing.kind, missing.title, missing.detail),
            "{}",
            row.asks
        );
    }
}

/// Headers of every kind that is refused, forged ones and those that were good once.
async fn unbelieved(shop: &Shop, scene: &Scene) -> Vec<Forged> {
    let mut headers = testkit::forged::headers(&shop.keys_dir(), &scene.owner.tokens.access_token);
    headers.push(("of staff who have signed out", scene.signed_out(shop).await));
    headers.push(("of an account that was closed", scene.closed(shop).await));
    headers
}

/// A refusal is a problem that tells nothing of the inside; one for want of a token says how to do it (RFC 9110, 15.5.2).
#[track_caller]
fn is_well_put(answer: &Answer) {
    if answer.status() < 400 {
        return;
    }
    let problem = answer.problem(answer.status());
    let told = format!("{:?} {:?}", problem.detail, problem.errors);
    for inner in ["SELECT", "INSERT", "sqlite", "postgres", "panicked", ".rs:"] {
        assert!(!told.contains(inner), "{answer}");
    }
    if answer.status() == 401 {
        let how = answer.header("www-authenticate").unwrap_or_default();
        assert!(how.starts_with("Bearer"), "{how:?} in {answer}");
    }
}
