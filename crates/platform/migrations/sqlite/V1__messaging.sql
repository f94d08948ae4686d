-- What every service needs to talk to the others. Times are microseconds since the Unix epoch, ids are 16-byte UUIDs.

CREATE TABLE outbox (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id  BLOB    NOT NULL,
    aggregate   BLOB    NOT NULL,
    event_type  TEXT    NOT NULL,
    source      TEXT    NOT NULL,
    occurred_at INTEGER NOT NULL,
    traceparent TEXT    NOT NULL,
    payload     BLOB    NOT NULL
) STRICT;

CREATE TABLE inbox (
    consumer   TEXT    NOT NULL,
    message_id BLOB    NOT NULL,
    applied_at INTEGER NOT NULL,
    PRIMARY KEY (consumer, message_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX inbox_by_age ON inbox (applied_at);

CREATE TABLE inbox_failure (
    consumer   TEXT    NOT NULL,
    message_id BLOB    NOT NULL,
    attempts   INTEGER NOT NULL,
    failed_at  INTEGER NOT NULL,
    PRIMARY KEY (consumer, message_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE dead_letter (
    consumer    TEXT    NOT NULL,
    message_id  BLOB    NOT NULL,
    event_type  TEXT    NOT NULL,
    source      TEXT    NOT NULL,
    aggregate   BLOB    NOT NULL,
    occurred_at INTEGER NOT NULL,
    traceparent TEXT    NOT NULL,
    payload     BLOB    NOT NULL,
    error       TEXT    NOT NULL,
    attempts    INTEGER NOT NULL,
    died_at     INTEGER NOT NULL,
    redrive_at  INTEGER,
    PRIMARY KEY (consumer, message_id)
) STRICT;
CREATE INDEX dead_letter_to_redrive ON dead_letter (redrive_at) WHERE redrive_at IS NOT NULL;

CREATE TABLE timer (
    kind          TEXT    NOT NULL,
    subject       BLOB    NOT NULL,
    attempt       INTEGER NOT NULL,
    due_at        INTEGER NOT NULL,
    claimed_until INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (kind, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX timer_by_due ON timer (due_at);

CREATE TABLE idempotency (
    scope       TEXT    NOT NULL,
    key         TEXT    NOT NULL,
    fingerprint BLOB    NOT NULL,
    answer      TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (scope, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_by_age ON idempotency (created_at);

-- Whose access tokens are refused though they have not expired: a customer or one session.
CREATE TABLE revocation (
    subject    BLOB    NOT NULL PRIMARY KEY,
    kind       TEXT    NOT NULL CHECK (kind IN ('customer', 'session')),
    until      INTEGER NOT NULL,
    revoked_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX revocation_by_age ON revocation (revoked_at);
