//! How statements find their rows in PostgreSQL: by an index, or by walking through a whole table.

use std::collections::BTreeMap;

use tokio_postgres::{Client, NoTls};

/// What a server counts of a database's tables, seen over a connection of its own.
pub struct Scans(Client);

impl Scans {
    /// Fills tables with `populate` (in which the last statement should be `ANALYZE`), and counts from then on.
    ///
    /// # Panics
    /// If the database at `url` refuses.
    pub async fn after(url: &str, populate: &[&str]) -> Self {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("a connection");
        tokio::spawn(connection);
        for sql in populate {
            client.execute(*sql, &[]).await.expect("rows");
        }
        // A backend reports once a second at the most. Were its report still due, it would count what was done before.
        client.execute("SELECT pg_stat_force_next_flush()", &[]).await.expect("a report");
        client.execute("SELECT pg_stat_reset()", &[]).await.expect("a fresh start");
        Self(client)
    }

    /// For each of `tables`: how often it was walked through, and how often an index of it was used.
    ///
    /// # Panics
    /// If the database refuses.
    pub async fn of<'t>(&self, tables: &[&'t str]) -> BTreeMap<&'t str, (i64, i64)> {
        let sql =
            "SELECT seq_scan, coalesce(idx_scan, 0) AS idx_scan FROM pg_stat_user_tables WHERE relname = $1";
        let mut scans = BTreeMap::new();
        for table in tables {
            let row = self.0.query_one(sql, &[table]).await.expect("a table of that name");
            scans.insert(*table, (row.get("seq_scan"), row.get("idx_scan")));
        }
        scans
    }
}
