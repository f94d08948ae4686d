-- Carts, wishlists and orders. Amounts are minor units.

-- A guest's cart is known by the SHA-256 of its token.
CREATE TABLE guest_cart (
    owner      bytea       NOT NULL PRIMARY KEY CHECK (octet_length(owner) = 32),
    touched_at timestamptz NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX guest_cart_by_age ON guest_cart (touched_at);

-- The owner is a customer's id (16 bytes) or a guest's hash (32 bytes). Lines keep the order in which they were put in.
CREATE TABLE cart_line (
    owner      bytea   NOT NULL CHECK (octet_length(owner) IN (16, 32)),
    product_id uuid    NOT NULL,
    position   bigint  NOT NULL GENERATED ALWAYS AS IDENTITY,
    quantity   integer NOT NULL CHECK (quantity BETWEEN 1 AND 1000),
    amount     bigint  NOT NULL CHECK (amount >= 0),
    currency   text    NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    PRIMARY KEY (owner, product_id)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 1000);

CREATE TABLE wishlist_item (
    customer_id uuid        NOT NULL,
    product_id  uuid        NOT NULL,
    added_at    timestamptz NOT NULL,
    PRIMARY KEY (customer_id, product_id)
);

CREATE TABLE orders (
    id               uuid        NOT NULL PRIMARY KEY,
    -- NULL once the customer is gone.
    customer_id      uuid,
    status           text        NOT NULL CHECK (status IN (
        'pending', 'reserved', 'authorised', 'confirmed', 'shipped', 'delivered',
        'rejected', 'declined', 'cancelled', 'refunded')),
    reason           text,
    amount           bigint      NOT NULL CHECK (amount >= 0),
    currency         text        NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    payment_token    text        NOT NULL,
    address          jsonb,
    captured         boolean     NOT NULL DEFAULT false,
    refund_requested boolean     NOT NULL DEFAULT false,
    placed_at        timestamptz NOT NULL,
    updated_at       timestamptz NOT NULL,
    CHECK (reason IS NOT NULL OR status NOT IN ('rejected', 'declined', 'cancelled')),
    CHECK (NOT captured OR status IN ('confirmed', 'shipped', 'delivered', 'refunded')),
    CHECK (captured OR NOT refund_requested),
    CHECK (refund_requested OR status <> 'refunded')
) WITH (fillfactor = 70);
CREATE INDEX orders_of_customer ON orders (customer_id, id);
CREATE INDEX orders_by_status ON orders (status, id);

-- Never changed once the order is placed.
CREATE TABLE order_line (
    order_id   uuid    NOT NULL REFERENCES orders (id),
    product_id uuid    NOT NULL,
    name       text    NOT NULL,
    amount     bigint  NOT NULL CHECK (amount >= 0),
    currency   text    NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    quantity   integer NOT NULL CHECK (quantity BETWEEN 1 AND 1000),
    PRIMARY KEY (order_id, product_id)
);

CREATE TABLE order_timeline (
    order_id uuid        NOT NULL REFERENCES orders (id),
    number   integer     NOT NULL CHECK (number > 0),
    at       timestamptz NOT NULL,
    status   text        NOT NULL,
    note     text        NOT NULL,
    PRIMARY KEY (order_id, number)
);
