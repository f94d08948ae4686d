//! The sandbox's books in PostgreSQL: in the database of the payment service. An entry may share a commit with other
//! commands, but does not hang on them: what is rolled back because of them is done again without them.

use std::{
    collections::{HashMap, HashSet},
    iter::zip,
};

use async_trait::async_trait;
use contracts::{Currency, Money, OrderId, Timestamp};
use futures::try_join;
use platform::store::{
    StoreError,
    postgres::{Asked, Database, Transaction, count, moment, parse},
};
use tokio_postgres::Row;

use super::{Account, Entered, Ledger, Recorded, Refusal, Request};
use crate::{domain::Operation, provider::Key};

/// Where the locks of entries stand among those that are taken in this database: behind those of payments.
const ENTRIES: u8 = 1;

/// The books, in a database.
pub(super) struct PostgresLedger(pub(super) Database);

#[async_trait]
impl Ledger for PostgresLedger {
    async fn enter(
        &self,
        key: &Key,
        order_id: OrderId,
        request: Request,
        now: Timestamp,
    ) -> Result<Result<Recorded, Refusal>, StoreError> {
        let question = Question { key: key.clone(), order_id, request, now };
        self.0.together((ENTRIES, lock_key(order_id)), question, |t, asked| Box::pin(enter(t, asked))).await
    }

    async fn count_attempt(&self, key: &Key) -> Result<u32, StoreError> {
        let rows = self
            .0
            .query(
                "INSERT INTO sandbox_attempts AS a (key, attempts) VALUES ($1, 1)
                 ON CONFLICT (key) DO UPDATE SET attempts = a.attempts + 1 RETURNING attempts",
                &[&key.as_str()],
            )
            .await?;
        rows.first()
            .map_or_else(|| Err(StoreError::corrupt("a try was not counted")), |row| count(row, "attempts"))
    }

    async fn accounts(&self, after: Option<OrderId>, limit: u32) -> Result<Vec<Account>, StoreError> {
        let behind = if after.is_some() { "order_id > $1" } else { "$1::uuid IS NULL" };
        let sql = format!("{ACCOUNT} WHERE {behind} GROUP BY order_id ORDER BY order_id LIMIT $2");
        let after = after.map(|order_id| order_id.0);
        self.0.query(&sql, &[&after, &i64::from(limit)]).await?.iter().map(read_account).collect()
    }
}

/// What is to be entered, and under which key.
struct Question {
    key: Key,
    order_id: OrderId,
    request: Request,
    now: Timestamp,
}

impl Question {
    /// Its answer: what was `found` under its key, or what is entered now.
    fn answer(&self, found: Option<&Found>, account: Option<Account>) -> Result<Recorded, Refusal> {
        if let Some(found) = found {
            return found.answers(self);
        }
        let account = account.unwrap_or_else(|| Account::empty(self.order_id));
        Ok(Recorded { entered: account.decide(self.request.clone())?, new: true })
    }
}

/// Answers questions, each about another order, in two trips: locks and reads, all entries.
async fn enter(
    transaction: &Transaction<'_>,
    asked: &[Asked<Question>],
) -> Result<Vec<Result<Recorded, Refusal>>, StoreError> {
    // The locks go first.
    let ((), found, mut accounts) =
        try_join!(lock(transaction, asked), find(transaction, asked), accounts(transaction, asked))?;
    let answer = |question: &Asked<Question>| {
        question.answer(found.get(question.key.as_str()), accounts.remove(&question.order_id))
    };
    let answers: Vec<_> = asked.iter().map(answer).collect();
    let entered = transaction.end_with(insert(transaction, asked, &answers)).await?;
    let told = |(question, answer): (&Asked<Question>, _)| match answer {
        // The key was used for another order, at the same time.
        Ok(Recorded { new: true, .. }) if !entered.contains(&question.order_id) => Err(Refusal::KeyReused),
        answer => answer,
    };
    Ok(zip(asked, answers).map(told).collect())
}

/// What stands for an order where only a number can: the last 64 bits of an id are random.
fn lock_key(order_id: OrderId) -> i64 {
    order_id.0.as_u64_pair().1.cast_signed()
}

/// Waits until nobody else enters anything for these orders, and keeps others from them until the transaction ends.
async fn lock(transaction: &Transaction<'_>, asked: &[Asked<Question>]) -> Result<(), StoreError> {
    let mut keys: Vec<i64> = asked.iter().map(|question| lock_key(question.order_id)).collect();
    // Of two who lock the same orders none waits for one that the other waits with.
    keys.sort_unstable();
    // By two numbers, where payment's own locks are of one.
    let halves = |key: i64| ((key >> 32) as i32, key as i32);
    let (high, low): (Vec<i32>, Vec<i32>) = keys.into_iter().map(halves).unzip();
    let sql = "SELECT pg_advisory_xact_lock(high, low) FROM unnest($1::integer[], $2::integer[]) AS key (high, low)";
    transaction.query(sql, &[&high, &low]).await?;
    Ok(())
}

/// An entry as it was found, with the question that it answers.
struct Found {
    order_id: OrderId,
    operation: Operation,
    amount: Option<Money>,
    entered: Entered,
}

impl Found {
    fn answers(&self, question: &Question) -> Result<Recorded, Refusal> {
        let Question { order_id, request, .. } = question;
        let asked = (*order_id, request.operation(), request.amount());
        if (self.order_id, self.operation, self.amount) != asked {
            return Err(Refusal::KeyReused);
        }
        Ok(Recorded { entered: self.entered.clone(), new: false })
    }
}

/// What stands under the keys of these questions, by key.
async fn find(
    transaction: &Transaction<'_>,
    asked: &[Asked<Question>],
) -> Result<HashMap<String, Found>, StoreError> {
    let keys: Vec<&str> = asked.iter().map(|question| question.key.as_str()).collect();
    let sql = "SELECT key, order_id, operation, amount, currency, outcome, reason
         FROM sandbox_ledger WHERE key = ANY($1)";
    let found = |row: &Row| {
        let entered = Entered::read(row.try_get("outcome")?, row.try_get("reason")?)?;
        let (order_id, operation) = (OrderId(row.try_get("order_id")?), parse(row, "operation")?);
        Ok((row.try_get("key")?, Found { order_id, operation, amount: money(row)?, entered }))
    };
    transaction.query(sql, &[&keys]).await?.iter().map(found).collect()
}

const ACCOUNT: &str = "SELECT order_id,
        count(*) FILTER (WHERE outcome = 'held') AS holds,
        max(amount) FILTER (WHERE outcome = 'held') AS amount,
        max(currency) FILTER (WHERE outcome = 'held') AS currency,
        count(*) FILTER (WHERE outcome = 'captured') AS captures,
        coalesce(sum(amount) FILTER (WHERE outcome = 'captured'), 0)::bigint AS captured,
        coalesce(sum(amount) FILTER (WHERE outcome = 'refunded'), 0)::bigint AS refunded,
        coalesce(bool_or(outcome = 'voided'), false) AS voided
    FROM sandbox_ledger";

/// What the books say about the orders of these questions, if they say anything.
async fn accounts(
    transaction: &Transaction<'_>,
    asked: &[Asked<Question>],
) -> Result<HashMap<OrderId, Account>, StoreError> {
    let orders: Vec<_> = asked.iter().map(|question| question.order_id.0).collect();
    let sql = format!("{ACCOUNT} WHERE order_id = ANY($1) GROUP BY order_id");
    let rows = transaction.query(&sql, &[&orders]).await?;
    rows.iter().map(|row| read_account(row).map(|account| (account.order_id, account))).collect()
}

fn read_account(row: &Row) -> Result<Account, StoreError> {
    let times = |column: &str| -> Result<u32, StoreError> {
        let times: i64 = row.try_get(column)?;
        u32::try_from(times).map_err(|error| StoreError::Failed(error.into()))
    };
    Ok(Account {
        order_id: OrderId(row.try_get("order_id")?),
        holds: times("holds")?,
        held: money(row)?,
        captures: times("captures")?,
        captured: row.try_get("captured")?,
        refunded: row.try_get("refunded")?,
        voided: row.try_get("voided")?,
    })
}

/// Reads the columns `amount` and `currency`, both or neither of which hold something.
fn money(row: &Row) -> Result<Option<Money>, StoreError> {
    let amount: Option<i64> = row.try_get("amount")?;
    amount.map(|amount| Ok(Money::new(amount, parse::<Currency>(row, "currency")?))).transpose()
}

/// Makes an entry of each of the `answers` that is new, unless there is one under its key.
///
/// # Returns
/// For which orders there was none.
async fn insert(
    transaction: &Transaction<'_>,
    asked: &[Asked<Question>],
    answers: &[Result<Recorded, Refusal>],
) -> Result<HashSet<OrderId>, StoreError> {
    let mut entries: Vec<(&Question, &Entered)> = zip(asked, answers).filter_map(new_entry).collect();
    if entries.is_empty() {
        return Ok(HashSet::new());
    }
    // Of two who use the same keys none waits for one that the other waits with.
    entries.sort_by_key(|(question, _)| question.key.as_str());
    let questions = || entries.iter().map(|(question, _)| question);
    let amounts = || questions().map(|question| question.request.amount());
    let rows = transaction
        .query(
            "INSERT INTO sandbox_ledger (key, order_id, operation, amount, currency, outcome, reason, at)
             SELECT * FROM unnest($1::text[], $2::uuid[], $3::text[], $4::bigint[], $5::text[], $6::text[],
                $7::text[], $8::timestamptz[])
             ON CONFLICT (key) DO NOTHING RETURNING order_id",
            &[
                &questions().map(|question| question.key.as_str()).collect::<Vec<_>>(),
                &questions().map(|question| question.order_id.0).collect::<Vec<_>>(),
                &questions().map(|question| question.request.operation().as_str()).collect::<Vec<_>>(),
                &amounts().map(|amount| Some(amount?.amount)).collect::<Vec<_>>(),
                &amounts().map(|amount| Some(amount?.currency.to_string())).collect::<Vec<_>>(),
                &entries.iter().map(|(_, entered)| entered.word()).collect::<Vec<_>>(),
                &entries.iter().map(|(_, entered)| reason(entered)).collect::<Vec<_>>(),
                &questions().map(|question| moment(question.now)).collect::<Vec<_>>(),
            ],
        )
        .await?;
    rows.iter().map(|row| Ok(OrderId(row.try_get("order_id")?))).collect()
}

fn new_entry<'a>(
    (question, answer): (&'a Asked<Question>, &'a Result<Recorded, Refusal>),
) -> Option<(&'a Question, &'a Entered)> {
    answer.as_ref().ok().filter(|recorded| recorded.new).map(|recorded| (&**question, &recorded.entered))
}

fn reason(entered: &Entered) -> Option<&str> {
    match entered {
        Entered::Declined(reason) => Some(reason),
        _ => None,
    }
}
