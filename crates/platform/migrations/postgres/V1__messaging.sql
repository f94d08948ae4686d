-- What every service needs to talk to the others.

-- A row belongs to the process that wrote it, which relays it. An aggregate's rows are published in the order of their
-- ids, whoever wrote them.
CREATE TABLE outbox (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    relay       uuid        NOT NULL,
    message_id  uuid        NOT NULL,
    aggregate   uuid        NOT NULL,
    event_type  text        NOT NULL,
    source      text        NOT NULL,
    occurred_at timestamptz NOT NULL,
    traceparent text        NOT NULL,
    payload     bytea       NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX outbox_of_relay ON outbox (relay, id);
CREATE INDEX outbox_of_aggregate ON outbox (aggregate, id);

-- Processes that relay. What a process wrote whose time is over is taken over by another.
CREATE TABLE outbox_relay (
    relay      uuid        NOT NULL PRIMARY KEY,
    expires_at timestamptz NOT NULL
);

CREATE TABLE inbox (
    consumer   text        NOT NULL,
    message_id uuid        NOT NULL,
    applied_at timestamptz NOT NULL,
    PRIMARY KEY (consumer, message_id)
);
CREATE INDEX inbox_by_age ON inbox USING brin (applied_at);

CREATE TABLE inbox_failure (
    consumer   text        NOT NULL,
    message_id uuid        NOT NULL,
    attempts   integer     NOT NULL,
    failed_at  timestamptz NOT NULL,
    PRIMARY KEY (consumer, message_id)
);

CREATE TABLE dead_letter (
    consumer    text        NOT NULL,
    message_id  uuid        NOT NULL,
    event_type  text        NOT NULL,
    source      text        NOT NULL,
    aggregate   uuid        NOT NULL,
    occurred_at timestamptz NOT NULL,
    traceparent text        NOT NULL,
    payload     bytea       NOT NULL,
    error       text        NOT NULL,
    attempts    integer     NOT NULL,
    died_at     timestamptz NOT NULL,
    redrive_at  timestamptz,
    PRIMARY KEY (consumer, message_id)
);
CREATE INDEX dead_letter_to_redrive ON dead_letter (redrive_at) WHERE redrive_at IS NOT NULL;

CREATE TABLE timer (
    kind          text        NOT NULL,
    subject       uuid        NOT NULL,
    attempt       integer     NOT NULL,
    due_at        timestamptz NOT NULL,
    claimed_until timestamptz NOT NULL DEFAULT '-infinity',
    PRIMARY KEY (kind, subject)
) WITH (fillfactor = 70);
CREATE INDEX timer_by_due ON timer (due_at);

CREATE TABLE idempotency (
    scope       text        NOT NULL,
    key         text        NOT NULL,
    fingerprint bytea       NOT NULL,
    answer      jsonb       NOT NULL,
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (scope, key)
);
CREATE INDEX idempotency_by_age ON idempotency USING brin (created_at);

-- Whose access tokens are refused though they have not expired: a customer or one session.
CREATE TABLE revocation (
    subject    uuid        NOT NULL PRIMARY KEY,
    kind       text        NOT NULL CHECK (kind IN ('customer', 'session')),
    until      timestamptz NOT NULL,
    revoked_at timestamptz NOT NULL
);
CREATE INDEX revocation_by_age ON revocation (revoked_at);
