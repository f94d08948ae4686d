//! Lists of products. Every order has an index, and a page begins where the last one ended, not at the top.

use contracts::{ProductId, Timestamp};
use platform::store::{
    StoreError,
    postgres::{Database, moment},
};
use tokio_postgres::types::ToSql;

use super::rows;
use crate::{
    domain::{Listing, Position, Product, SearchTerms, Sort},
    store::Category,
};

/// The years 1 to 9999 in microseconds. A position comes back from a client, and PostgreSQL has no time for every number.
const YEARS: (i64, i64) = (-62_135_596_800_000_000, 253_402_300_799_999_999);

type Value = Box<dyn ToSql + Send + Sync>;

pub(super) async fn list(database: &Database, listing: &Listing) -> Result<Vec<Product>, StoreError> {
    let Some(query) = Query::of(listing) else { return Ok(Vec::new()) };
    let values: Vec<&(dyn ToSql + Sync)> = query.values.iter().map(|value| &**value as _).collect();
    database.query(&query.sql, &values).await?.iter().map(rows::read).collect()
}

/// A statement and what is bound to its parameters.
#[derive(Default)]
pub(super) struct Query {
    pub(super) sql: String,
    pub(super) values: Vec<Value>,
}

impl Query {
    /// The query for a list; none if nothing can be in it.
    pub(super) fn of(listing: &Listing) -> Option<Self> {
        // In the words of the partial indexes, which serve no others.
        let shelf = if listing.archived { "archived_at IS NOT NULL" } else { "archived_at IS NULL" };
        let mut query =
            Self { sql: format!("SELECT {} FROM products WHERE {shelf}", rows::COLUMNS), ..Self::default() };
        query.filter("category = ?", listing.category.clone());
        query.filter("amount >= ?", listing.min_price);
        query.filter("amount <= ?", listing.max_price);
        query.filter("(archived_at IS NULL AND received - sold - reserved > 0) = ?", listing.in_stock);
        if let Some(terms) = &listing.search {
            query.filter("search @@ to_tsquery('simple', folded(?))", Some(match_expression(terms)?));
        }
        let (key, direction, comparison) = match listing.sort {
            Sort::Newest => ("created_at", "DESC", '<'),
            Sort::PriceAsc => ("amount", "ASC", '>'),
            Sort::PriceDesc => ("amount", "DESC", '<'),
            Sort::Name => ("sort_name", "ASC", '>'),
        };
        if let Some(after) = &listing.after {
            let (place, id) = place(after);
            let (place, id) = (query.bind(place), query.bind(Box::new(id.0)));
            query.sql.push_str(&format!(" AND ({key}, id) {comparison} ({place}, {id})"));
        }
        let limit = query.bind(Box::new(i64::from(listing.limit)));
        query.sql.push_str(&format!(" ORDER BY {key} {direction}, id {direction} LIMIT {limit}"));
        Some(query)
    }

    /// Adds a condition, whose question mark stands for `value`, if there is a value.
    fn filter(&mut self, condition: &str, value: Option<impl ToSql + Send + Sync + 'static>) {
        if let Some(value) = value {
            let parameter = self.bind(Box::new(value));
            self.sql.push_str(" AND ");
            self.sql.push_str(&condition.replace('?', &parameter));
        }
    }

    /// The name of a new parameter that stands for `value`.
    fn bind(&mut self, value: Value) -> String {
        self.values.push(value);
        format!("${}", self.values.len())
    }
}

fn place(position: &Position) -> (Value, ProductId) {
    match position {
        Position::Newest { at, id } => {
            let at = Timestamp::from_micros(*at.clamp(&YEARS.0, &YEARS.1));
            (Box::new(moment(at)), *id)
        }
        Position::PriceAsc { amount, id } | Position::PriceDesc { amount, id } => (Box::new(*amount), *id),
        // No name has a NUL, which PostgreSQL refuses in any text.
        Position::Name { name, id } => (Box::new(name.replace('\0', "")), *id),
    }
}

/// The terms in the language of `to_tsquery`: words, each the beginning of one that has to be there. Nothing if there are
/// no terms.
fn match_expression(terms: &SearchTerms) -> Option<String> {
    let quoted = |word: &String| format!("'{}':*", word.replace('\\', r"\\").replace('\'', "''"));
    // Accents without a letter to stand on are nothing to look for.
    let is_word = |word: &&String| word.chars().any(char::is_alphanumeric);
    let words: Vec<String> = terms.words().iter().filter(is_word).map(quoted).collect();
    (!words.is_empty()).then(|| words.join(" & "))
}

pub(super) async fn categories(database: &Database) -> Result<Vec<Category>, StoreError> {
    let rows = database
        .query(
            "SELECT category, count(*) FROM products WHERE archived_at IS NULL GROUP BY category ORDER BY category",
            &[],
        )
        .await?;
    rows.iter()
        .map(|row| {
            let products = u32::try_from(row.try_get::<_, i64>(1)?).unwrap_or(u32::MAX);
            Ok(Category { name: row.try_get(0)?, products })
        })
        .collect()
}

/// The order makes it look into the index, also for a category that is not there.
pub(super) const HAS_CATEGORY: &str =
    "SELECT 1 FROM products WHERE archived_at IS NULL AND category = $1 ORDER BY created_at LIMIT 1";

pub(super) async fn has_category(database: &Database, name: &str) -> Result<bool, StoreError> {
    let rows = database.query(HAS_CATEGORY, &[&name]).await?;
    Ok(!rows.is_empty())
}
