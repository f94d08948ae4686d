//! The sandbox's books in SQLite: in the file of the payment service, in transactions of their own.

use async_trait::async_trait;
use contracts::{Currency, Money, OrderId, Timestamp};
use platform::store::{
    StoreError,
    sqlite::{Database, Transaction, parse},
};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{Account, Entered, Ledger, Recorded, Refusal, Request};
use crate::{domain::Operation, provider::Key};

/// The books, in a database.
pub(super) struct SqliteLedger(pub(super) Database);

#[async_trait]
impl Ledger for SqliteLedger {
    async fn enter(
        &self,
        key: &Key,
        order_id: OrderId,
        request: Request,
        now: Timestamp,
    ) -> Result<Result<Recorded, Refusal>, StoreError> {
        let key = key.clone();
        self.0
            .write(move |transaction| {
                if let Some(found) = find(transaction, &key)? {
                    return Ok(found.answers(order_id, &request));
                }
                match account(transaction, order_id)?.decide(request.clone()) {
                    Err(refusal) => Ok(Err(refusal)),
                    Ok(entered) => {
                        insert(transaction, &key, order_id, &request, &entered, now)?;
                        Ok(Ok(Recorded { entered, new: true }))
                    }
                }
            })
            .await
    }

    async fn count_attempt(&self, key: &Key) -> Result<u32, StoreError> {
        let key = key.clone();
        self.0
            .write(move |transaction| {
                Ok(transaction
                    .prepare_cached(
                        "INSERT INTO sandbox_attempts (key, attempts) VALUES (?1, 1)
                         ON CONFLICT (key) DO UPDATE SET attempts = attempts + 1 RETURNING attempts",
                    )?
                    .query_row([key.as_str()], |row| row.get(0))?)
            })
            .await
    }

    async fn accounts(&self, after: Option<OrderId>, limit: u32) -> Result<Vec<Account>, StoreError> {
        let after = after.map(|order_id| order_id.0);
        self.0
            .read(move |connection| {
                let sql = format!(
                    "{ACCOUNT} WHERE ?1 IS NULL OR order_id > ?1 GROUP BY order_id ORDER BY order_id LIMIT ?2"
                );
                let mut rows = connection.prepare_cached(&sql)?;
                Ok(rows.query_map(params![after, limit], read_account)?.collect::<Result<_, _>>()?)
            })
            .await
    }
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

fn find(connection: &Connection, key: &Key) -> Result<Option<Found>, StoreError> {
    let mut found = connection.prepare_cached(
        "SELECT order_id, operation, amount, currency, outcome, reason FROM sandbox_ledger WHERE key = ?1",
    )?;
    let mut found = found.query([key.as_str()])?;
    let Some(row) = found.next()? else {
        return Ok(None);
    };
    Ok(Some(Found {
        order_id: OrderId(row.get(0)?),
        operation: parse(row, 1)?,
        amount: money(row, 2)?,
        entered: Entered::read(row.get_ref(4)?.as_str().map_err(rusqlite::Error::from)?, row.get(5)?)?,
    }))
}

const ACCOUNT: &str = "SELECT order_id,
        count(*) FILTER (WHERE outcome = 'held'),
        max(amount) FILTER (WHERE outcome = 'held'),
        max(currency) FILTER (WHERE outcome = 'held'),
        count(*) FILTER (WHERE outcome = 'captured'),
        coalesce(sum(amount) FILTER (WHERE outcome = 'captured'), 0),
        coalesce(sum(amount) FILTER (WHERE outcome = 'refunded'), 0),
        count(*) FILTER (WHERE outcome = 'voided') > 0
    FROM sandbox_ledger";

fn account(connection: &Connection, order_id: OrderId) -> Result<Account, StoreError> {
    let account = connection
        .prepare_cached(&format!("{ACCOUNT} WHERE order_id = ?1 GROUP BY order_id"))?
        .query_row([order_id.0], read_account)
        .optional()?;
    Ok(account.unwrap_or_else(|| Account::empty(order_id)))
}

fn read_account(row: &Row<'_>) -> rusqlite::Result<Account> {
    Ok(Account {
        order_id: OrderId(row.get(0)?),
        holds: row.get(1)?,
        held: money(row, 2)?,
        captures: row.get(4)?,
        captured: row.get(5)?,
        refunded: row.get(6)?,
        voided: row.get(7)?,
    })
}

/// The money in column `at` and the one behind it.
fn money(row: &Row<'_>, at: usize) -> rusqlite::Result<Option<Money>> {
    row.get::<_, Option<i64>>(at)?
        .map(|amount| Ok(Money::new(amount, parse::<Currency>(row, at + 1)?)))
        .transpose()
}

fn insert(
    transaction: &Transaction<'_>,
    key: &Key,
    order_id: OrderId,
    request: &Request,
    entered: &Entered,
    now: Timestamp,
) -> Result<(), StoreError> {
    let reason = match entered {
        Entered::Declined(reason) => Some(reason),
        _ => None,
    };
    let amount = request.amount();
    transaction
        .prepare_cached(
            "INSERT INTO sandbox_ledger (key, order_id, operation, amount, currency, outcome, reason, at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            key.as_str(),
            order_id.0,
            request.operation().as_str(),
            amount.map(|amount| amount.amount),
            amount.as_ref().map(|amount| amount.currency.as_str()),
            entered.word(),
            reason,
            now.as_micros(),
        ])?;
    Ok(())
}
