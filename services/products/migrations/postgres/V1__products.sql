-- The catalogue, its stock and the reservations. Amounts are minor units of their currency. The database has to be in
-- UTF-8, and in a locale that knows the letters of UTF-8.

-- Text as a search sees it: small letters without accents, and the Greek sigma as it is written inside a word. What is
-- searched and what is searched for are folded alike. Unlike the extension unaccent this is immutable, and is there on
-- every server.
CREATE FUNCTION folded(text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN translate(regexp_replace(normalize(lower($1), NFD), '[\u0300-\u036f]', '', 'g'), 'ς', 'σ');

-- on hand = received - sold; available = on hand - reserved. The last CHECK is the promise that nothing is sold twice.
CREATE TABLE products (
    id          uuid        NOT NULL PRIMARY KEY,
    name        text        NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    -- The name in small letters, compared by code points, so that every store sorts alike.
    sort_name   text        NOT NULL COLLATE "C",
    description text        NOT NULL CHECK (length(description) <= 5000),
    category    text        NOT NULL COLLATE "C" CHECK (length(category) BETWEEN 1 AND 50),
    amount      bigint      NOT NULL CHECK (amount BETWEEN 1 AND 100000000),
    currency    text        NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    image_url   text        CHECK (length(image_url) <= 2048),
    received    bigint      NOT NULL,
    sold        bigint      NOT NULL DEFAULT 0 CHECK (sold >= 0),
    reserved    bigint      NOT NULL DEFAULT 0 CHECK (reserved >= 0),
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    archived_at timestamptz,
    -- Counts the changes that staff made.
    version     integer     NOT NULL DEFAULT 1,
    -- PostgreSQL's parser would take 'moka-pot' or 'shop.example' for one word; what stands between letters and digits
    -- divides words here.
    search      tsvector    NOT NULL GENERATED ALWAYS AS (
        to_tsvector('simple', regexp_replace(
            folded(name || ' ' || description), '[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00bf]+', ' ', 'g'))
    ) STORED,
    CHECK (reserved <= received - sold)
    -- Each order changes a row twice. No index has what it changes, so that new versions of a row stay on its page.
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX products_by_age ON products (created_at, id) WHERE archived_at IS NULL;
CREATE INDEX products_by_price ON products (amount, id) WHERE archived_at IS NULL;
CREATE INDEX products_by_name ON products (sort_name, id) WHERE archived_at IS NULL;
CREATE INDEX products_by_category_and_age ON products (category, created_at, id) WHERE archived_at IS NULL;
CREATE INDEX products_by_category_and_price ON products (category, amount, id) WHERE archived_at IS NULL;
CREATE INDEX products_by_category_and_name ON products (category, sort_name, id) WHERE archived_at IS NULL;
-- What is new is to be found at once, and not after the next merge of a list of what is pending.
CREATE INDEX products_by_word ON products USING gin (search) WITH (fastupdate = off) WHERE archived_at IS NULL;

-- Why there is as much as there is: products.received is the sum of a product's movements.
CREATE TABLE stock_movements (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    product_id uuid        NOT NULL REFERENCES products (id),
    kind       text        NOT NULL CHECK (kind IN ('received', 'adjusted')),
    quantity   bigint      NOT NULL CHECK (quantity <> 0 AND (kind = 'adjusted' OR quantity > 0)),
    reason     text,
    at         timestamptz NOT NULL,
    -- The member of staff; nobody for what came with the demo catalogue.
    actor      uuid
);
CREATE INDEX stock_movements_by_product ON stock_movements (product_id);

-- One row per order that was ever heard of. An order that was undone before it was placed is 'released' from the start.
CREATE TABLE reservations (
    order_id   uuid        NOT NULL PRIMARY KEY,
    status     text        NOT NULL CHECK (status IN ('held', 'sold', 'released', 'refused', 'expired')),
    expires_at timestamptz CHECK (expires_at IS NOT NULL OR status NOT IN ('held', 'sold', 'expired')),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX reservations_live ON reservations (order_id) INCLUDE (status) WHERE status IN ('held', 'sold');

CREATE TABLE reservation_lines (
    order_id   uuid   NOT NULL REFERENCES reservations (order_id),
    product_id uuid   NOT NULL REFERENCES products (id),
    quantity   bigint NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (order_id, product_id)
);
CREATE INDEX reservation_lines_by_product ON reservation_lines (product_id);

-- What a refused order lacked, so that it is told the same when it asks again. The product may be one that never was.
CREATE TABLE reservation_shortages (
    order_id   uuid   NOT NULL REFERENCES reservations (order_id),
    product_id uuid   NOT NULL,
    requested  bigint NOT NULL CHECK (requested > 0),
    available  bigint NOT NULL CHECK (available >= 0),
    PRIMARY KEY (order_id, product_id)
);
