-- One payment an order. Times are microseconds since the Unix epoch, ids 16-byte UUIDs, amounts minor units.

CREATE TABLE payment (
    order_id   BLOB    NOT NULL PRIMARY KEY CHECK (length(order_id) = 16),
    status     TEXT    NOT NULL CHECK (status IN (
        'authorised', 'declined', 'capture_due', 'captured', 'void_due', 'voided', 'refund_due', 'refunded')),
    -- NULL only where the cancellation came first, so that nobody has said how much it would have been.
    amount     INTEGER CHECK (amount >= 0),
    currency   TEXT    CHECK (length(currency) = 3),
    captured   INTEGER NOT NULL DEFAULT 0,
    refunded   INTEGER NOT NULL DEFAULT 0,
    reason     TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CHECK ((amount IS NULL) = (currency IS NULL)),
    CHECK (amount IS NOT NULL OR status IN ('void_due', 'voided')),
    CHECK (captured BETWEEN 0 AND coalesce(amount, 0)),
    CHECK (refunded BETWEEN 0 AND captured),
    CHECK (captured = 0 OR status IN ('captured', 'refund_due', 'refunded')),
    CHECK (captured = amount OR status NOT IN ('captured', 'refund_due', 'refunded')),
    CHECK (refunded = 0 OR status = 'refunded'),
    CHECK (refunded = captured OR status <> 'refunded'),
    CHECK (status <> 'declined' OR reason IS NOT NULL)
) STRICT, WITHOUT ROWID;

-- What was asked of the provider, and what it said.
CREATE TABLE payment_history (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    order_id  BLOB    NOT NULL REFERENCES payment (order_id),
    at        INTEGER NOT NULL,
    operation TEXT    NOT NULL CHECK (operation IN ('authorise', 'capture', 'void', 'refund')),
    outcome   TEXT    NOT NULL CHECK (outcome IN (
        'requested', 'held', 'declined', 'captured', 'voided', 'refunded'))
) STRICT;
CREATE INDEX payment_history_by_order ON payment_history (order_id, id);
