-- Carts, wishlists and orders. Ids are 16-byte UUIDs, times are microseconds since the Unix epoch, amounts are minor units.

-- A guest's cart is known by the SHA-256 of its token.
CREATE TABLE guest_cart (
    owner      BLOB    NOT NULL PRIMARY KEY CHECK (length(owner) = 32),
    touched_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX guest_cart_by_age ON guest_cart (touched_at);

-- The owner is a customer's id (16 bytes) or a guest's hash (32 bytes).
CREATE TABLE cart_line (
    owner      BLOB    NOT NULL CHECK (length(owner) IN (16, 32)),
    position   INTEGER NOT NULL,
    product_id BLOB    NOT NULL,
    quantity   INTEGER NOT NULL CHECK (quantity BETWEEN 1 AND 1000),
    amount     INTEGER NOT NULL CHECK (amount >= 0),
    currency   TEXT    NOT NULL CHECK (length(currency) = 3),
    PRIMARY KEY (owner, position),
    UNIQUE (owner, product_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE wishlist_item (
    customer_id BLOB    NOT NULL,
    product_id  BLOB    NOT NULL,
    added_at    INTEGER NOT NULL,
    PRIMARY KEY (customer_id, product_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE orders (
    id               BLOB    NOT NULL PRIMARY KEY,
    customer_id      BLOB,
    status           TEXT    NOT NULL CHECK (status IN ('pending', 'reserved', 'authorised', 'confirmed', 'shipped',
                                                        'delivered', 'rejected', 'declined', 'cancelled', 'refunded')),
    reason           TEXT,
    amount           INTEGER NOT NULL CHECK (amount >= 0),
    currency         TEXT    NOT NULL CHECK (length(currency) = 3),
    payment_token    TEXT    NOT NULL,
    address          TEXT,
    captured         INTEGER NOT NULL DEFAULT 0 CHECK (captured IN (0, 1)),
    refund_requested INTEGER NOT NULL DEFAULT 0 CHECK (refund_requested IN (0, 1)),
    placed_at        INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX orders_of_customer ON orders (customer_id, id);
CREATE INDEX orders_by_status ON orders (status, id);

CREATE TABLE order_line (
    order_id   BLOB    NOT NULL REFERENCES orders (id),
    product_id BLOB    NOT NULL,
    name       TEXT    NOT NULL,
    amount     INTEGER NOT NULL CHECK (amount >= 0),
    currency   TEXT    NOT NULL CHECK (length(currency) = 3),
    quantity   INTEGER NOT NULL CHECK (quantity BETWEEN 1 AND 1000),
    PRIMARY KEY (order_id, product_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE order_timeline (
    order_id BLOB    NOT NULL REFERENCES orders (id),
    number   INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    status   TEXT    NOT NULL,
    note     TEXT    NOT NULL,
    PRIMARY KEY (order_id, number)
) STRICT, WITHOUT ROWID;
