-- One payment an order. Amounts are minor units.

CREATE TABLE payment (
    order_id   uuid        NOT NULL PRIMARY KEY,
    status     text        NOT NULL CHECK (status IN (
        'authorised', 'declined', 'capture_due', 'captured', 'void_due', 'voided', 'refund_due', 'refunded')),
    -- NULL only where the cancellation came first, so that nobody has said how much it would have been.
    amount     bigint      CHECK (amount >= 0),
    currency   text        CHECK (currency ~ '^[A-Z]{3}$'),
    captured   bigint      NOT NULL DEFAULT 0,
    refunded   bigint      NOT NULL DEFAULT 0,
    reason     text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CHECK ((amount IS NULL) = (currency IS NULL)),
    CHECK (amount IS NOT NULL OR status IN ('void_due', 'voided')),
    CHECK (captured BETWEEN 0 AND coalesce(amount, 0)),
    CHECK (refunded BETWEEN 0 AND captured),
    CHECK (captured = 0 OR status IN ('captured', 'refund_due', 'refunded')),
    CHECK (captured = amount OR status NOT IN ('captured', 'refund_due', 'refunded')),
    CHECK (refunded = 0 OR status = 'refunded'),
    CHECK (refunded = captured OR status <> 'refunded'),
    CHECK (status <> 'declined' OR reason IS NOT NULL)
) WITH (fillfactor = 70);

-- What was asked of the provider, and what it said.
CREATE TABLE payment_history (
    id        bigint      NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id  uuid        NOT NULL REFERENCES payment (order_id),
    at        timestamptz NOT NULL,
    operation text        NOT NULL CHECK (operation IN ('authorise', 'capture', 'void', 'refund')),
    outcome   text        NOT NULL CHECK (outcome IN (
        'requested', 'held', 'declined', 'captured', 'voided', 'refunded'))
);
CREATE INDEX payment_history_by_order ON payment_history (order_id, id);
