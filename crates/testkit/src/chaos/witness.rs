//! Triggers in the shop's databases, for what nobody can see from outside: they write down what is done in the transaction
//! that does it, and so know exactly what was committed.
//!
//! An inbox that fails leaves no other trace: each handler finds by the state of its order that there is nothing to do. Nor
//! does a fence that fails: what is published twice is dropped by the inbox. Nor does an event that is lost: what waits for
//! it asks again. Each is a safeguard behind another, and is judged here by itself.

use std::collections::{BTreeMap, BTreeSet};

use contracts::{Service, consumers_of};
use rusqlite::Connection;
use tokio_postgres::{Client, NoTls};

use super::{
    House,
    verdict::{By, Verdict},
};

/// A message that is entered into an inbox takes effect. Nobody else writes there, but for the broom that takes what is a week old.
const SQLITE: &str = "
    CREATE TABLE witness_applied (consumer TEXT, message_id BLOB);
    CREATE TRIGGER witness_insert AFTER INSERT ON inbox BEGIN
        INSERT INTO witness_applied VALUES (new.consumer, new.message_id);
    END;
    CREATE TRIGGER witness_update AFTER UPDATE ON inbox BEGIN
        INSERT INTO witness_applied VALUES (new.consumer, new.message_id);
    END;
    CREATE TABLE witness_written (event_type TEXT, message_id BLOB);
    CREATE TRIGGER witness_outbox AFTER INSERT ON outbox BEGIN
        INSERT INTO witness_written VALUES (new.event_type, new.message_id);
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
    CREATE TABLE witness_written (event_type text, message_id uuid);
    CREATE FUNCTION witness_written() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO witness_written VALUES (new.event_type, new.message_id);
        RETURN NULL;
    END $$;
    CREATE TRIGGER witness_written AFTER INSERT ON outbox FOR EACH ROW EXECUTE FUNCTION witness_written();
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

/// What the witnesses have written down.
#[derive(Debug, Default)]
pub struct Heard {
    /// How often each message was applied, by consumer and message.
    applied: BTreeMap<(String, String), i64>,
    /// What died, by the same: a person decides about it, so it is not lost.
    buried: BTreeSet<(String, String)>,
    /// Type and message of each event that was put into an outbox.
    written: Vec<(String, String)>,
    /// Type of each row that was deleted from an outbox, whose it was, and who deleted it. In one process there is nobody
    /// else who could.
    relayed: Option<Vec<[String; 3]>>,
}

const APPLIED: &str = "SELECT consumer, ID, count(*) FROM witness_applied GROUP BY 1, 2";
const BURIED: &str = "SELECT consumer, ID FROM dead_letter";
const WRITTEN: &str = "SELECT event_type, ID FROM witness_written";
const RELAYED: &str = "SELECT event_type, owner, process FROM witness_relayed";

/// Hears them.
///
/// # Errors
/// If a database cannot be reached.
pub async fn hear(house: &House) -> anyhow::Result<Heard> {
    let mut heard = Heard::default();
    for service in Service::ALL {
        if let Some(url) = house.postgres_url(service) {
            let client = connect(&url).await?;
            let query = async |sql: &str| client.query(&sql.replace("ID", "message_id::text"), &[]).await;
            for row in query(APPLIED).await? {
                heard.applied.insert((row.try_get(0)?, row.try_get(1)?), row.try_get(2)?);
            }
            for row in query(BURIED).await? {
                heard.buried.insert((row.try_get(0)?, row.try_get(1)?));
            }
            for row in query(WRITTEN).await? {
                heard.written.push((row.try_get(0)?, row.try_get(1)?));
            }
            let relayed = heard.relayed.get_or_insert_default();
            for row in query(RELAYED).await? {
                relayed.push([row.try_get(0)?, row.try_get(1)?, row.try_get(2)?]);
            }
        } else {
            let database = open(house, service)?;
            let prepare = |sql: &str| database.prepare(&sql.replace("ID", "hex(message_id)"));
            for row in prepare(APPLIED)?.query_map([], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?)))? {
                heard.applied.extend([row?]);
            }
            for row in prepare(BURIED)?.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))? {
                heard.buried.extend([row?]);
            }
            for row in prepare(WRITTEN)?.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))? {
                heard.written.extend([row?]);
            }
        }
    }
    Ok(heard)
}

impl Heard {
    /// Whether each event has come to all who listen to it.
    #[must_use]
    pub fn all_arrived(&self) -> bool {
        self.arrivals().holds()
    }

    /// Judges what they say.
    #[must_use]
    pub fn verdicts(&self) -> Vec<Verdict> {
        let promise = "each message takes effect once for each consumer, however often it is delivered";
        let mut once = Verdict::new(By::Witnesses, "messages_applied_once", promise);
        for ((consumer, id), times) in &self.applied {
            once.case(*times == 1, || format!("{consumer} applied {id} {times} times"));
        }
        let mut verdicts = vec![self.arrivals(), once];
        if let Some(relayed) = &self.relayed {
            let promise = "a process deletes from the outbox what it wrote or has taken over, and nothing that is in other hands";
            let mut verdict = Verdict::new(By::Witnesses, "rows_relayed_by_their_owner", promise);
            for [event, owner, process] in relayed {
                verdict.case(owner == process, || format!("{event} of {owner} was relayed by {process}"));
            }
            verdicts.push(verdict);
        }
        verdicts
    }

    fn arrivals(&self) -> Verdict {
        let promise = "each event that was written takes effect at every service that listens to it";
        let mut verdict = Verdict::new(By::Witnesses, "events_take_effect", promise);
        for (event, id) in &self.written {
            for consumer in consumers_of(event) {
                let key = (consumer.to_string(), id.clone());
                let arrived = self.applied.contains_key(&key) || self.buried.contains(&key);
                verdict.case(arrived, || format!("{event} {id} has not come to {consumer}"));
            }
        }
        verdict
    }
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
