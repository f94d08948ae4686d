//! Triggers in the shop's databases, for what nobody can see from outside: they write down what is done in the transaction
//! that does it, and so know exactly what was committed.
//!
//! An inbox that fails leaves no other trace: each handler finds by the state of its order that there is nothing to do. Nor
//! does a fence that fails: what is published twice is dropped by the inbox. Each is a safeguard behind another, and is judged
//! here by itself.

use contracts::Service;
use rusqlite::Connection;
use tokio_postgres::{Client, NoTls};

use super::{
    House,
    verdict::{By, Verdict},
};

/// A message that is entered into an inbox takes effect. Nobody else writes there, but for the yearly broom.
const SQLITE: &str = "
    CREATE TABLE witness_applied (consumer TEXT, message_id BLOB);
    CREATE TRIGGER witness_insert AFTER INSERT ON inbox BEGIN
        INSERT INTO witness_applied VALUES (new.consumer, new.message_id);
    END;
    CREATE TRIGGER witness_update AFTER UPDATE ON inbox BEGIN
        INSERT INTO witness_applied VALUES (new.consumer, new.message_id);
    END;";

/// The same; and whose rows each process deletes from the outbox. Processes are known by the name that they give their
/// connections, and their relays by the rows that they keep in `outbox_relay`.
const POSTGRES: &str = "
    CREATE TABLE witness_applied (consumer text, message_id uuid);
    CREATE FUNCTION witness_applied() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO witness_applied VALUES (new.consumer, new.message_id);
        RETURN NULL;
    END $$;
    CREATE TRIGGER witness AFTER INSERT OR UPDATE ON inbox FOR EACH ROW EXECUTE FUNCTION witness_applied();
    CREATE TABLE witness_relay (relay uuid PRIMARY KEY, process text);
    CREATE FUNCTION witness_relay() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO witness_relay VALUES (new.relay, current_setting('application_name')) ON CONFLICT DO NOTHING;
        RETURN NULL;
    END $$;
    CREATE TRIGGER witness AFTER INSERT OR UPDATE ON outbox_relay FOR EACH ROW EXECUTE FUNCTION witness_relay();
    CREATE TABLE witness_relayed (event_type text, owner text, process text);
    CREATE FUNCTION witness_relayed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO witness_relayed
        SELECT old.event_type, process, current_setting('application_name') FROM witness_relay WHERE relay = old.relay;
        RETURN NULL;
    END $$;
    CREATE TRIGGER witness AFTER DELETE ON outbox FOR EACH ROW EXECUTE FUNCTION witness_relayed();";

/// Puts witnesses into the databases of all services.
///
/// # Errors
/// If a database cannot be reached, or has witnesses already.
pub async fn call(house: &House) -> anyhow::Result<()> {
    for service in Service::ALL {
        match house.postgres_url(service) {
            Some(url) => connect(&url).await?.batch_execute(POSTGRES).await?,
            None => open(house, service)?.execute_batch(SQLITE)?,
        }
    }
    Ok(())
}

/// Hears them.
///
/// # Errors
/// If a database cannot be reached.
pub async fn hear(house: &House) -> anyhow::Result<Vec<Verdict>> {
    let promise = "each message takes effect once for each consumer, however often it is delivered";
    let mut applied = Verdict::new(By::Witnesses, "messages_applied_once", promise);
    let promise = "a process relays what it wrote or has taken over, and nothing that is in other hands";
    let mut relayed = Verdict::new(By::Witnesses, "rows_relayed_by_their_owner", promise);
    for service in Service::ALL {
        let example = |consumer: &str, id: &str, times: i64| format!("{consumer} applied {id} {times} times");
        if let Some(url) = house.postgres_url(service) {
            let client = connect(&url).await?;
            let sql = "SELECT consumer, message_id::text, count(*) FROM witness_applied GROUP BY 1, 2";
            for row in client.query(sql, &[]).await? {
                let times: i64 = row.try_get(2)?;
                let (consumer, id): (String, String) = (row.try_get(0)?, row.try_get(1)?);
                applied.case(times == 1, || example(&consumer, &id, times));
            }
            let sql = "SELECT event_type, owner, process FROM witness_relayed";
            for row in client.query(sql, &[]).await? {
                let [event, owner, process]: [String; 3] =
                    [row.try_get(0)?, row.try_get(1)?, row.try_get(2)?];
                relayed.case(owner == process, || format!("{event} of {owner} was relayed by {process}"));
            }
        } else {
            let database = open(house, service)?;
            let sql = "SELECT consumer, hex(message_id), count(*) FROM witness_applied GROUP BY 1, 2";
            let mut query = database.prepare(sql)?;
            let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            for row in rows {
                let (consumer, id, times): (String, String, i64) = row?;
                applied.case(times == 1, || example(&consumer, &id, times));
            }
        }
    }
    // In one process there is nobody else who could relay.
    let relays = house.postgres_url(Service::Shopping).is_some();
    Ok([Some(applied), relays.then_some(relayed)].into_iter().flatten().collect())
}

async fn connect(url: &str) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

fn open(house: &House, service: Service) -> rusqlite::Result<Connection> {
    let database = Connection::open(house.sqlite_file(service))?;
    database.busy_timeout(std::time::Duration::from_secs(10))?;
    Ok(database)
}
