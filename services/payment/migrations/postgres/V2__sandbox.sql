-- The sandbox provider's own books. It stands for another company: nothing here refers to the tables of payment, and
-- nothing is written in a transaction of payment's.

CREATE TABLE sandbox_ledger (
    key       text        NOT NULL PRIMARY KEY,
    order_id  uuid        NOT NULL,
    operation text        NOT NULL CHECK (operation IN ('authorise', 'capture', 'void', 'refund')),
    -- NULL for a void, which is always of the whole hold.
    amount    bigint      CHECK (amount >= 0),
    currency  text        CHECK (currency ~ '^[A-Z]{3}$'),
    outcome   text        NOT NULL,
    reason    text,
    at        timestamptz NOT NULL,
    CHECK ((amount IS NULL) = (currency IS NULL)),
    CHECK ((operation = 'void') = (amount IS NULL)),
    CHECK ((outcome = 'declined') = (reason IS NOT NULL)),
    CHECK (CASE operation
        WHEN 'authorise' THEN outcome IN ('held', 'declined')
        WHEN 'capture' THEN outcome = 'captured'
        WHEN 'void' THEN outcome = 'voided'
        ELSE outcome = 'refunded' END)
);
CREATE INDEX sandbox_ledger_by_order ON sandbox_ledger (order_id);
-- However often it is asked, and under whatever keys, an order's money is held once.
CREATE UNIQUE INDEX sandbox_ledger_one_hold ON sandbox_ledger (order_id) WHERE outcome = 'held';

-- How often a key has come: for the token whose first try fails.
CREATE TABLE sandbox_attempts (
    key      text    NOT NULL PRIMARY KEY,
    attempts integer NOT NULL CHECK (attempts > 0)
);
