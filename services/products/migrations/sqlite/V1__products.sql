-- The catalogue, its stock and the reservations. Ids are 16-byte UUIDs, times are microseconds since the Unix epoch,
-- amounts are minor units of their currency.

-- on hand = received - sold; available = on hand - reserved. The last CHECK is the promise that nothing is sold twice.
CREATE TABLE products (
    -- What the search index knows a product by: a rowid without a name may change when the file is vacuumed.
    seq         INTEGER PRIMARY KEY,
    id          BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    name        TEXT    NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    -- The name in small letters, so that every store sorts alike.
    sort_name   TEXT    NOT NULL,
    description TEXT    NOT NULL CHECK (length(description) <= 5000),
    category    TEXT    NOT NULL CHECK (length(category) BETWEEN 1 AND 50),
    amount      INTEGER NOT NULL CHECK (amount BETWEEN 1 AND 100000000),
    currency    TEXT    NOT NULL CHECK (length(currency) = 3),
    image_url   TEXT    CHECK (length(image_url) <= 2048),
    received    INTEGER NOT NULL,
    sold        INTEGER NOT NULL DEFAULT 0 CHECK (sold >= 0),
    reserved    INTEGER NOT NULL DEFAULT 0 CHECK (reserved >= 0),
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    archived_at INTEGER,
    -- Counts the changes that staff made.
    version     INTEGER NOT NULL DEFAULT 1,
    CHECK (reserved <= received - sold)
) STRICT;
CREATE INDEX products_by_age ON products (created_at, id) WHERE archived_at IS NULL;
CREATE INDEX products_by_price ON products (amount, id) WHERE archived_at IS NULL;
CREATE INDEX products_by_name ON products (sort_name, id) WHERE archived_at IS NULL;
CREATE INDEX products_by_category_and_age ON products (category, created_at, id) WHERE archived_at IS NULL;
CREATE INDEX products_by_category_and_price ON products (category, amount, id) WHERE archived_at IS NULL;
CREATE INDEX products_by_category_and_name ON products (category, sort_name, id) WHERE archived_at IS NULL;

-- Full-text search (https://sqlite.org/fts5.html#external_content_tables): the index keeps no copy of the texts, and
-- has to be told the old ones when they change.
CREATE VIRTUAL TABLE product_search USING fts5 (
    name, description,
    content = 'products', content_rowid = 'seq',
    tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3'
);
CREATE TRIGGER product_search_insert AFTER INSERT ON products BEGIN
    INSERT INTO product_search (rowid, name, description) VALUES (new.seq, new.name, new.description);
END;
CREATE TRIGGER product_search_update AFTER UPDATE OF name, description ON products BEGIN
    INSERT INTO product_search (product_search, rowid, name, description)
        VALUES ('delete', old.seq, old.name, old.description);
    INSERT INTO product_search (rowid, name, description) VALUES (new.seq, new.name, new.description);
END;
CREATE TRIGGER product_search_delete AFTER DELETE ON products BEGIN
    INSERT INTO product_search (product_search, rowid, name, description)
        VALUES ('delete', old.seq, old.name, old.description);
END;

-- Why there is as much as there is: products.received is the sum of a product's movements.
CREATE TABLE stock_movements (
    id         INTEGER PRIMARY KEY,
    product_id BLOB    NOT NULL REFERENCES products (id),
    kind       TEXT    NOT NULL CHECK (kind IN ('received', 'adjusted')),
    quantity   INTEGER NOT NULL CHECK (quantity <> 0 AND (kind = 'adjusted' OR quantity > 0)),
    reason     TEXT,
    at         INTEGER NOT NULL,
    -- The member of staff; nobody for what came with the demo catalogue.
    actor      BLOB    CHECK (length(actor) = 16)
) STRICT;
CREATE INDEX stock_movements_by_product ON stock_movements (product_id);

-- One row per order that was ever heard of. An order that was undone before it was placed is 'released' from the start.
CREATE TABLE reservations (
    order_id   BLOB    NOT NULL PRIMARY KEY CHECK (length(order_id) = 16),
    status     TEXT    NOT NULL CHECK (status IN ('held', 'sold', 'released', 'refused', 'expired')),
    expires_at INTEGER CHECK (expires_at IS NOT NULL OR status NOT IN ('held', 'sold', 'expired')),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX reservations_live ON reservations (status, order_id) WHERE status IN ('held', 'sold');

CREATE TABLE reservation_lines (
    order_id   BLOB    NOT NULL REFERENCES reservations (order_id),
    product_id BLOB    NOT NULL REFERENCES products (id),
    quantity   INTEGER NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (order_id, product_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX reservation_lines_by_product ON reservation_lines (product_id);

-- What a refused order lacked, so that it is told the same when it asks again. The product may be one that never was.
CREATE TABLE reservation_shortages (
    order_id   BLOB    NOT NULL REFERENCES reservations (order_id),
    product_id BLOB    NOT NULL,
    requested  INTEGER NOT NULL CHECK (requested > 0),
    available  INTEGER NOT NULL CHECK (available >= 0),
    PRIMARY KEY (order_id, product_id)
) STRICT, WITHOUT ROWID;
