//! Lists of products. Every order has an index, and a page begins where the last one ended, not at the top.

use contracts::ProductId;
use platform::store::StoreError;
use rusqlite::{Connection, params_from_iter, types::Value};

use super::rows;
use crate::{
    domain::{Listing, Position, Product, SearchTerms, Sort},
    store::Category,
};

pub(super) fn list(connection: &Connection, listing: &Listing) -> Result<Vec<Product>, StoreError> {
    let mut query = Query::default();
    query.filter("category = ?", listing.category.clone());
    query.filter("amount >= ?", listing.min_price);
    query.filter("amount <= ?", listing.max_price);
    query.filter("(archived_at IS NULL AND received - sold - reserved > 0) = ?", listing.in_stock);
    if let Some(terms) = &listing.search {
        let Some(expression) = match_expression(terms) else { return Ok(Vec::new()) };
        query.filter(
            "seq IN (SELECT rowid FROM product_search WHERE product_search MATCH ?)",
            Some(expression),
        );
    }
    let (key, direction, comparison) = match listing.sort {
        Sort::Newest => ("created_at", "DESC", '<'),
        Sort::PriceAsc => ("amount", "ASC", '>'),
        Sort::PriceDesc => ("amount", "DESC", '<'),
        Sort::Name => ("sort_name", "ASC", '>'),
    };
    if let Some(after) = &listing.after {
        let (place, id) = place(after);
        query.conditions.push_str(&format!(" AND ({key}, id) {comparison} (?, ?)"));
        query.values.extend([place, Value::Blob(id.0.as_bytes().to_vec())]);
    }
    query.values.push(Value::Integer(listing.limit.into()));
    // In the words of the partial indexes, which serve no others.
    let shelf = if listing.archived { "archived_at IS NOT NULL" } else { "archived_at IS NULL" };
    let sql = format!(
        "SELECT {} FROM products WHERE {shelf}{} ORDER BY {key} {direction}, id {direction} LIMIT ?",
        rows::COLUMNS,
        query.conditions
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let products = statement.query_map(params_from_iter(query.values), rows::read)?;
    Ok(products.collect::<Result<_, _>>()?)
}

/// Conditions and what is bound to their question marks, in step.
#[derive(Default)]
struct Query {
    conditions: String,
    values: Vec<Value>,
}

impl Query {
    fn filter(&mut self, condition: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.conditions.push_str(" AND ");
            self.conditions.push_str(condition);
            self.values.push(value.into());
        }
    }
}

fn place(position: &Position) -> (Value, ProductId) {
    match position {
        Position::Newest { at, id } => (Value::Integer(*at), *id),
        Position::PriceAsc { amount, id } | Position::PriceDesc { amount, id } => {
            (Value::Integer(*amount), *id)
        }
        Position::Name { name, id } => (Value::Text(name.clone()), *id),
    }
}

/// The terms in the query language of FTS5 (<https://sqlite.org/fts5.html#full_text_query_syntax>): strings, each the
/// beginning of a word, all of which have to match. Nothing if there are no terms.
pub(super) fn match_expression(terms: &SearchTerms) -> Option<String> {
    let quoted = |word: &String| format!("\"{}\"*", word.replace('"', "\"\""));
    let strings: Vec<String> = terms.words().iter().map(quoted).collect();
    (!strings.is_empty()).then(|| strings.join(" "))
}

pub(super) fn categories(connection: &Connection) -> Result<Vec<Category>, StoreError> {
    let mut query = connection.prepare_cached(
        "SELECT category, count(*) FROM products WHERE archived_at IS NULL GROUP BY category ORDER BY category",
    )?;
    let categories = query.query_map([], |row| Ok(Category { name: row.get(0)?, products: row.get(1)? }))?;
    Ok(categories.collect::<Result<_, _>>()?)
}

pub(super) fn has_category(connection: &Connection, name: &str) -> Result<bool, StoreError> {
    let mut query = connection
        .prepare_cached("SELECT 1 FROM products WHERE archived_at IS NULL AND category = ?1 LIMIT 1")?;
    Ok(query.exists([name])?)
}
