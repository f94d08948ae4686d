//! Commands that come at the same time share transactions; what one of them does wrong is its own affair.

use std::time::Duration;

use contracts::{OrderId, Timestamp};
use futures::{
    FutureExt as _,
    future::{BoxFuture, join_all, try_join_all},
};
use platform::{
    outbox::{OutboxStore as _, postgres::enqueue},
    store::{
        StoreError,
        postgres::{Asked, Database, Transaction},
    },
    trace::TraceContext,
};
use testkit::{conformance::messaging_store::MessagingStoreHarness as _, eventually};

use super::{Postgres, world::placed};

const NOON: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);

/// What a command is to do with one of the counters.
#[derive(Clone, Copy)]
enum Way {
    Well,
    /// The server refuses a statement.
    Refused,
    /// It finds by itself that it cannot go on.
    Failing,
    Panicking,
    /// The server ends the session.
    Cut,
}

async fn counters() -> Postgres {
    let process = Postgres::fresh().await;
    process
        .database
        .execute("CREATE TABLE counter (id bigint PRIMARY KEY, count bigint)", &[])
        .await
        .unwrap();
    let fill = "INSERT INTO counter SELECT id, 0 FROM generate_series(0, 99) AS id";
    process.database.execute(fill, &[]).await.unwrap();
    process
}

/// Adds one to each counter, and answers which transaction that was.
fn count<'t>(
    transaction: &'t Transaction<'_>,
    asked: &'t [Asked<(i64, Way)>],
) -> BoxFuture<'t, Result<Vec<String>, StoreError>> {
    try_join_all(asked.iter().map(|asked| count_one(transaction, asked))).boxed()
}

/// As [`count`], of another kind.
fn count_otherwise<'t>(
    transaction: &'t Transaction<'_>,
    asked: &'t [Asked<(i64, Way)>],
) -> BoxFuture<'t, Result<Vec<String>, StoreError>> {
    async move {
        let mut answers = Vec::new();
        for asked in asked {
            answers.push(count_one(transaction, asked).await?);
        }
        transaction.end_with(async { Ok(()) }).await?;
        Ok(answers)
    }
    .boxed()
}

async fn count_one(transaction: &Transaction<'_>, asked: &Asked<(i64, Way)>) -> Result<String, StoreError> {
    let (id, way) = **asked;
    let row = transaction.query_opt("SELECT count FROM counter WHERE id = $1", &[&id]).await?.unwrap();
    let next = row.try_get::<_, i64>(0)? + 1;
    let write = "UPDATE counter SET count = $2 WHERE id = $1 RETURNING pg_current_xact_id()::text";
    let row = transaction.query_opt(write, &[&id, &next]).await?.unwrap();
    match way {
        Way::Well => {}
        Way::Refused => {
            transaction.execute("INSERT INTO counter VALUES ($1, 0)", &[&id]).await?;
        }
        Way::Failing => return Err(StoreError::corrupt("it fails")),
        Way::Panicking => panic!("it panics"),
        Way::Cut => {
            transaction.query("SELECT pg_terminate_backend(pg_backend_pid())", &[]).await?;
        }
    }
    Ok(row.try_get(0)?)
}

/// Lets commands come at the same time, every other of another kind.
async fn come(database: &Database, commands: &[(i64, Way)]) -> Vec<Result<String, StoreError>> {
    join_all(commands.iter().enumerate().map(|(number, command)| {
        let work = if number % 2 == 0 { count } else { count_otherwise };
        database.together((0, command.0), *command, work)
    }))
    .await
}

async fn counts(database: &Database, up_to: i64) -> Vec<i64> {
    let rows =
        database.query("SELECT count FROM counter WHERE id < $1 ORDER BY id", &[&up_to]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn what_comes_at_the_same_time_shares_a_transaction() {
    let process = counters().await;
    let commands: Vec<_> = (0..100).map(|id| (id, Way::Well)).collect();
    let mut transactions: Vec<String> =
        come(&process.database, &commands).await.into_iter().map(Result::unwrap).collect();
    transactions.sort_unstable();
    transactions.dedup();
    // All are there before the first transaction begins; 64 share one.
    assert_eq!(transactions.len(), 2, "{transactions:?}");
    assert_eq!(counts(&process.database, 100).await, [1; 100]);
}

#[tokio::test]
async fn commands_about_the_same_follow_each_other() {
    let process = counters().await;
    let commands: Vec<_> = (0..60).map(|n| (n % 2, Way::Well)).collect();
    for answer in come(&process.database, &commands).await {
        answer.unwrap();
    }
    assert_eq!(counts(&process.database, 3).await, [30, 30, 0]);
}

#[tokio::test]
async fn what_one_does_wrong_is_its_own_affair() {
    let process = counters().await;
    for wrong in [Way::Refused, Way::Failing, Way::Panicking] {
        let commands =
            [(0, Way::Well), (1, Way::Well), (2, wrong), (3, wrong), (4, Way::Well), (5, Way::Well)];
        let answers = come(&process.database, &commands).await;
        for (answer, (id, way)) in answers.iter().zip(commands) {
            match way {
                Way::Well => assert!(answer.is_ok(), "{id}: {answer:?}"),
                _ => assert!(matches!(answer, Err(StoreError::Failed(_))), "{id}: {answer:?}"),
            }
        }
    }
    assert_eq!(counts(&process.database, 6).await, [3, 3, 0, 0, 3, 3]);
}

#[tokio::test]
async fn after_a_lost_connection_all_know_where_they_are_and_the_next_come_through() {
    let process = counters().await;
    let answers = come(&process.database, &[(0, Way::Well), (1, Way::Cut), (2, Way::Well)]).await;
    assert!(matches!(answers[1], Err(StoreError::Unavailable(_))), "{answers:?}");
    eventually("a connection is made anew", || async {
        process.database.query("SELECT 1", &[]).await.ok().map(drop)
    })
    .await;
    let counted: Vec<i64> = answers.iter().map(|answer| i64::from(answer.is_ok())).collect();
    assert_eq!(counts(&process.database, 3).await, counted, "{answers:?}");
    eventually("a connection is made anew", || async {
        let next = come(&process.database, &[(0, Way::Well)]).await.pop().unwrap();
        next.ok().map(drop)
    })
    .await;
    assert_eq!(counts(&process.database, 3).await, [counted[0] + 1, 0, counted[2]]);
}

/// Somebody has locked what one command is about: others wait for that no longer than the transaction that they share does.
#[tokio::test]
async fn one_that_has_to_wait_holds_up_no_others() {
    let process = counters().await;
    let mut connection = process.database.connection().await.unwrap();
    let lock = connection.begin();
    lock.query("SELECT 1 FROM counter WHERE id IN (3, 4) FOR UPDATE", &[]).await.unwrap();
    let mut stuck = Vec::new();
    for id in [3, 4, 3] {
        let mut command = process.database.together((0, id), (id, Way::Well), count).boxed();
        assert!(futures::poll!(&mut command).is_pending());
        stuck.push(command);
        let others = come(&process.database, &[(1, Way::Well), (2, Way::Well)]);
        for answer in tokio::time::timeout(Duration::from_secs(3), others).await.unwrap() {
            answer.unwrap();
        }
    }
    assert_eq!(counts(&process.database, 5).await, [0, 3, 3, 0, 0]);
    lock.commit().await.unwrap();
    for answer in join_all(stuck).await {
        answer.unwrap();
    }
    assert_eq!(counts(&process.database, 5).await, [0, 3, 3, 2, 1]);
}

#[tokio::test]
async fn what_nobody_waits_for_is_not_begun() {
    let process = counters().await;
    let asked = process.database.together((0, 7), (7, Way::Well), count);
    assert!(asked.now_or_never().is_none());
    come(&process.database, &[(7, Way::Well)]).await.pop().unwrap().unwrap();
    assert_eq!(counts(&process.database, 8).await.last(), Some(&1));
}

/// Longer than the transaction that commands share waits for a lock, whether or not others are in it.
#[tokio::test]
async fn a_command_by_itself_is_as_patient_as_one_among_others() {
    let process = counters().await;
    let mut connection = process.database.connection().await.unwrap();
    let lock = connection.begin();
    lock.query("SELECT 1 FROM counter WHERE id = 5 FOR UPDATE", &[]).await.unwrap();
    let unlock = async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        lock.commit().await.unwrap();
    };
    let (answers, ()) = tokio::join!(come(&process.database, &[(5, Way::Well)]), unlock);
    answers.into_iter().for_each(|answer| drop(answer.unwrap()));
    assert_eq!(counts(&process.database, 6).await[5], 1);
}

/// How many rows of the outbox and its indexes have been read, as far as the server has counted.
async fn read(process: &Postgres) -> i64 {
    process.database.execute("SELECT pg_stat_force_next_flush()", &[]).await.unwrap();
    let sql = "SELECT (SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_user_tables WHERE relname = 'outbox')
            + (SELECT sum(idx_tup_read)::bigint FROM pg_stat_user_indexes WHERE relname = 'outbox')";
    process.database.query(sql, &[]).await.unwrap()[0].get(0)
}

/// The plan is made while the outbox is empty. When the broker has been away it is not.
#[tokio::test]
async fn what_waits_in_the_outbox_makes_no_event_dearer() {
    const WAITING: i64 = 5_000;
    let process = counters().await;
    let tell_one = || async {
        let order = OrderId::new();
        process.database.together((0, order.0.as_u64_pair().1.cast_signed()), order, tell).await.unwrap();
    };
    tell_one().await;
    let fill = "INSERT INTO outbox
            (relay, message_id, aggregate, event_type, source, occurred_at, traceparent, payload)
         SELECT gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'x', 'x', now(), 'x', '' FROM generate_series(1, $1::bigint)";
    process.database.execute(fill, &[&WAITING]).await.unwrap();
    let before = read(&process).await;
    for _ in 0..10 {
        tell_one().await;
    }
    // A session tells what it has read together with what it has written, and not at once.
    let entered = WAITING + 2 + 2 * 10;
    eventually("the server has counted", || async {
        let sql = "SELECT n_tup_ins FROM pg_stat_user_tables WHERE relname = 'outbox'";
        let counted: i64 = process.database.query(sql, &[]).await.unwrap()[0].get(0);
        (counted >= entered).then_some(())
    })
    .await;
    let after = read(&process).await;
    assert!(after - before < WAITING, "{} rows were read", after - before);
}

fn tell<'t>(
    transaction: &'t Transaction<'_>,
    orders: &'t [Asked<OrderId>],
) -> BoxFuture<'t, Result<Vec<()>, StoreError>> {
    for order in orders {
        order.sync_scope(|| {
            for n in [1, 2] {
                enqueue(transaction, &placed(**order, n), NOON);
            }
        });
    }
    async move { transaction.end_with(async { Ok(vec![(); orders.len()]) }).await }.boxed()
}

#[tokio::test]
async fn each_ones_events_are_of_its_own_trace_and_in_its_own_order() {
    let process = counters().await;
    let asked: Vec<_> = (0..5).map(|_| (OrderId::new(), TraceContext::root())).collect();
    let told = asked.iter().map(|(order, trace)| {
        trace.scope(process.database.together((0, order.0.as_u64_pair().1.cast_signed()), *order, tell))
    });
    try_join_all(told).await.unwrap();
    let relay = "SELECT relay, aggregate, traceparent, payload FROM outbox ORDER BY id";
    let rows = process.database.query(relay, &[]).await.unwrap();
    assert_eq!(rows.len(), 10);
    for (order, trace) in asked {
        let of_order = rows.iter().filter(|row| row.get::<_, uuid::Uuid>("aggregate") == order.0);
        let pieces = |payload: &[u8]| -> u64 {
            let event: serde_json::Value = serde_json::from_slice(payload).unwrap();
            event["lines"][0]["quantity"].as_u64().unwrap()
        };
        let told: Vec<u64> = of_order
            .map(|row| {
                assert!(row.get::<_, &str>("traceparent").contains(&trace.trace_id()));
                pieces(row.get("payload"))
            })
            .collect();
        assert_eq!(told, [1, 2]);
    }
    // The second of each waits for the first, so the relay has to look.
    assert!(process.database.committed().is_none());
}
