//! The sandbox's books in PostgreSQL: in the database of the payment service, in transactions of their own.

use async_trait::async_trait;
use contracts::{Currency, Money, OrderId, Timestamp};
use futures::try_join;
use platform::store::{
    StoreError,
    postgres::{Database, Transaction, count, moment, parse},
};
use tokio_postgres::Row;

use super::{Account, Entered, Ledger, Recorded, Refusal, Request};
use crate::{domain::Operation, provider::Key};

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
        let mut connection = self.0.connection().await?;
        let transaction = connection.begin();
        // The lock goes first.
        let ((), found, account) = try_join!(
            lock(&transaction, order_id),
            find(&transaction, key),
            account(&transaction, order_id)
        )?;
        if let Some(found) = found {
            return Ok(found.answers(order_id, &request));
        }
        let entered = match account.decide(request.clone()) {
            Err(refusal) => return Ok(Err(refusal)),
            Ok(entered) => entered,
        };
        let enter = insert(&transaction, key, order_id, &request, &entered, now);
        // If not: for another order, at the same time. Then nothing was committed.
        let new = transaction.end_with(enter).await?;
        Ok(if new { Ok(Recorded { entered, new }) } else { Err(Refusal::KeyReused) })
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

/// Waits until nobody else enters anything for an order, and keeps others from it until the transaction ends.
async fn lock(transaction: &Transaction<'_>, order_id: OrderId) -> Result<(), StoreError> {
    // By two numbers, where payment's own locks are of one. The last 64 bits of an id are random.
    let last = order_id.0.as_u64_pair().1;
    let (high, low) = ((last >> 32) as u32, last as u32);
    transaction
        .query("SELECT pg_advisory_xact_lock($1, $2)", &[&high.cast_signed(), &low.cast_signed()])
        .await?;
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
    fn answers(self, order_id: OrderId, request: &Request) -> Result<Recorded, Refusal> {
        let asked = (self.order_id, self.operation, self.amount);
        if asked != (order_id, request.operation(), request.amount()) {
            return Err(Refusal::KeyReused);
        }
        Ok(Recorded { entered: self.entered, new: false })
    }
}

async fn find(transaction: &Transaction<'_>, key: &Key) -> Result<Option<Found>, StoreError> {
    let sql =
        "SELECT order_id, operation, amount, currency, outcome, reason FROM sandbox_ledger WHERE key = $1";
    let Some(row) = transaction.query_opt(sql, &[&key.as_str()]).await? else { return Ok(None) };
    Ok(Some(Found {
        order_id: OrderId(row.try_get("order_id")?),
        operation: parse(&row, "operation")?,
        amount: money(&row)?,
        entered: Entered::read(row.try_get("outcome")?, row.try_get("reason")?)?,
    }))
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

async fn account(transaction: &Transaction<'_>, order_id: OrderId) -> Result<Account, StoreError> {
    let sql = format!("{ACCOUNT} WHERE order_id = $1 GROUP BY order_id");
    match transaction.query_opt(&sql, &[&order_id.0]).await? {
        Some(row) => read_account(&row),
        None => Ok(Account::empty(order_id)),
    }
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

/// Makes an entry, unless there is one under its key.
async fn insert(
    transaction: &Transaction<'_>,
    key: &Key,
    order_id: OrderId,
    request: &Request,
    entered: &Entered,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let reason = match entered {
        Entered::Declined(reason) => Some(reason),
        _ => None,
    };
    let amount = request.amount();
    let inserted = transaction
        .execute(
            "INSERT INTO sandbox_ledger (key, order_id, operation, amount, currency, outcome, reason, at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (key) DO NOTHING",
            &[
                &key.as_str(),
                &order_id.0,
                &request.operation().as_str(),
                &amount.map(|amount| amount.amount),
                &amount.as_ref().map(|amount| amount.currency.as_str()),
                &entered.word(),
                &reason,
                &moment(now),
            ],
        )
        .await?;
    Ok(inserted == 1)
}
