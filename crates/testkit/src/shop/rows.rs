//! Looking into a service's database.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};
use tokio_postgres::NoTls;
use uuid::Uuid;

/// How many rows of `table` have `id` in `column`, in the SQLite database at `file`.
pub(super) fn sqlite(file: &Path, table: &str, column: &str, id: Uuid) -> u64 {
    let count = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).and_then(|store| {
        let query = format!("SELECT count(*) FROM {table} WHERE {column} = ?1");
        store.query_row(&query, [id.as_bytes()], |row| row.get::<_, i64>(0))
    });
    count.unwrap_or_else(|error| panic!("{table} in {}: {error}", file.display())).unsigned_abs()
}

/// The same in the PostgreSQL database at `url`.
pub(super) async fn postgres(url: &str, table: &str, column: &str, id: Uuid) -> u64 {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("a connection");
    tokio::spawn(connection);
    // An id is a uuid in one table, and bytes in another that keeps ids of two kinds.
    let query =
        format!(r"SELECT count(*) FROM {table} WHERE ltrim(replace({column}::text, '-', ''), '\x') = $1");
    let count = client.query_one(&query, &[&id.simple().to_string()]).await;
    count.unwrap_or_else(|error| panic!("{table}: {error}")).get::<_, i64>(0).unsigned_abs()
}
