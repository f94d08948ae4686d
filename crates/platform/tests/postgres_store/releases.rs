//! A schema that several releases work with.

use contracts::Service;
use platform::store::{Migrations, Store, StoreError, StoreUrl};
use refinery::{Migration, Runner};

const ONE: (&str, &str) = ("V1__one", "CREATE TABLE one (id INTEGER PRIMARY KEY)");
const TWO: (&str, &str) = ("V2__two", "CREATE TABLE two (id INTEGER PRIMARY KEY)");
const THREE: (&str, &str) = ("V3__three", "CREATE TABLE three (id INTEGER PRIMARY KEY)");

/// The start of a release that has these migrations.
async fn start(url: &StoreUrl, migrations: &[(&str, &str)]) -> Result<(), StoreError> {
    let migrations: Vec<_> =
        migrations.iter().map(|(name, sql)| Migration::unapplied(name, sql).unwrap()).collect();
    let migrations = Migrations { sqlite: Runner::new(&migrations), postgres: Runner::new(&migrations) };
    Store::migrate(url, Service::Products, migrations).await
}

/// The release before an upgrade starts on the schema after it, and the later one goes on from there. What neither comes
/// before nor behind the other does not start.
pub async fn come_and_go(url: &StoreUrl) {
    start(url, &[ONE]).await.unwrap();
    start(url, &[ONE, TWO]).await.unwrap();
    start(url, &[ONE]).await.expect("the release before");
    start(url, &[ONE, TWO, THREE]).await.unwrap();
    start(url, &[ONE]).await.expect("the release before that");

    let changed = ("V1__one", "CREATE TABLE another (id INTEGER PRIMARY KEY)");
    let refused = start(url, &[changed]).await.expect_err("a migration that was changed").to_string();
    assert!(refused.contains("V1__one"), "{refused}");
    let refused = start(url, &[ONE, THREE]).await.expect_err("another way to the third").to_string();
    assert!(refused.contains("V2__two"), "{refused}");
    start(url, &[TWO]).await.expect_err("one that has forgotten the first");
}
