//! The embedded store under many writers at a time.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::Arc;

use futures::{FutureExt as _, future::join_all};
use platform::store::{
    Durability, StoreError,
    sqlite::{Database, Transaction},
};

struct Numbers {
    database: Database,
    _folder: tempfile::TempDir,
}

impl Numbers {
    async fn new(durability: Durability) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(&folder.path().join("test.db"), durability).unwrap();
        let schema =
            "CREATE TABLE first (n INTEGER PRIMARY KEY); CREATE TABLE second (n INTEGER PRIMARY KEY)";
        database.write(move |transaction| Ok(transaction.execute_batch(schema)?)).await.unwrap();
        Self { database, _folder: folder }
    }

    async fn in_table(&self, table: &'static str) -> Vec<i64> {
        let numbers = self.database.read(move |connection| {
            let mut rows = connection.prepare(&format!("SELECT n FROM {table} ORDER BY n"))?;
            Ok(rows.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
        });
        numbers.await.unwrap()
    }
}

/// Two rows: either both are there or none is.
fn insert(transaction: &Transaction<'_>, n: i64) -> Result<i64, StoreError> {
    transaction.execute("INSERT INTO first VALUES (?1)", [n])?;
    transaction.execute("INSERT INTO second VALUES (?1)", [n])?;
    Ok(n)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_of_writes_of_a_hundred_tasks_are_all_committed_and_answered() {
    let numbers = Arc::new(Numbers::new(Durability::Full).await);
    let tasks = (0..100).map(|task| {
        let numbers = Arc::clone(&numbers);
        tokio::spawn(async move {
            for n in task * 50..(task + 1) * 50 {
                let answer = numbers.database.write(move |transaction| insert(transaction, n)).await;
                assert_eq!(answer.unwrap(), n);
                // Committed means visible to whoever looks from now on.
                let there = numbers.database.read(move |connection| {
                    Ok(connection.prepare("SELECT 1 FROM second WHERE n = ?1")?.exists([n])?)
                });
                assert!(there.await.unwrap(), "{n} was acknowledged and is not there");
            }
        })
    });
    for outcome in join_all(tasks).await {
        outcome.unwrap();
    }
    assert_eq!(numbers.in_table("first").await, (0..5_000).collect::<Vec<i64>>());
    assert_eq!(numbers.in_table("second").await, (0..5_000).collect::<Vec<i64>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queue_longer_than_its_bound_is_written_whole() {
    let numbers = Numbers::new(Durability::Normal).await;
    let writes = (0..5_000).map(|n| numbers.database.write(move |transaction| insert(transaction, n)));
    let answers: Vec<i64> = join_all(writes).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers, (0..5_000).collect::<Vec<i64>>());
    assert_eq!(numbers.in_table("second").await, answers);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_nobody_waits_for_is_done_whole_or_not_at_all_and_hurts_no_other() {
    let numbers = Numbers::new(Durability::Normal).await;
    // More than the queue holds, each looked at once and then dropped; every other one would fail.
    for n in 0..3_000 {
        let write = numbers.database.write(move |transaction| {
            insert(transaction, n)?;
            if n % 2 == 0 { Ok(()) } else { Err(StoreError::corrupt("odd")) }
        });
        drop(Box::pin(write).now_or_never());
    }
    let kept = (3_000..3_100).map(|n| numbers.database.write(move |transaction| insert(transaction, n)));
    for answer in join_all(kept).await {
        answer.unwrap();
    }
    let first = numbers.in_table("first").await;
    assert_eq!(first, numbers.in_table("second").await);
    assert!(first.iter().all(|n| *n >= 3_000 || n % 2 == 0), "a write that failed left something");
    assert_eq!(first.iter().filter(|n| **n >= 3_000).count(), 100);
}
