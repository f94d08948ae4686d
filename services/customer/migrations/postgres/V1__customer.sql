-- Accounts, sign-ins and addresses. Rows are locked in the order of the tables: a customer before their sessions, a
-- session before its tokens.

CREATE TABLE customer (
    id            uuid        NOT NULL PRIMARY KEY,
    -- As the service normalises it, so that the constraint sees two spellings of one address as one.
    email         text        NOT NULL COLLATE "C" UNIQUE CHECK (length(email) BETWEEN 3 AND 254 AND email !~ '[A-Z]'),
    name          text        CHECK (length(name) BETWEEN 1 AND 100),
    phone         text        CHECK (length(phone) BETWEEN 1 AND 32),
    role          text        NOT NULL CHECK (role IN ('customer', 'staff')),
    password_hash text        NOT NULL CHECK (password_hash LIKE '$argon2id$%'),
    created_at    timestamptz NOT NULL
);
CREATE INDEX customer_staff ON customer (id) WHERE role = 'staff';

-- A sign-in: it ends with the last of its refresh tokens.
CREATE TABLE session (
    id          uuid        NOT NULL PRIMARY KEY,
    customer_id uuid        NOT NULL REFERENCES customer (id) ON DELETE CASCADE,
    created_at  timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL
);
CREATE INDEX session_by_customer ON session (customer_id);
CREATE INDEX session_by_expiry ON session (expires_at);

-- The tokens themselves are nowhere: whoever reads this table cannot sign in with it.
CREATE TABLE refresh_token (
    hash       bytea       NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    session_id uuid        NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    expires_at timestamptz NOT NULL,
    -- When it was exchanged for its successor. Whoever shows it after that has stolen it, or was stolen from.
    rotated_at timestamptz
);
CREATE INDEX refresh_token_by_session ON refresh_token (session_id);
CREATE INDEX refresh_token_by_expiry ON refresh_token (expires_at);
CREATE UNIQUE INDEX refresh_token_one_live ON refresh_token (session_id) WHERE rotated_at IS NULL;

-- The email is what was typed: there need not be such an account.
CREATE TABLE login_failure (
    id        bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email     text        NOT NULL COLLATE "C",
    network   text        NOT NULL COLLATE "C",
    failed_at timestamptz NOT NULL
);
CREATE INDEX login_failure_by_origin ON login_failure (email, network, failed_at);
CREATE INDEX login_failure_by_network ON login_failure (network, failed_at);
CREATE INDEX login_failure_by_age ON login_failure (failed_at);

CREATE TABLE address (
    customer_id uuid NOT NULL REFERENCES customer (id) ON DELETE CASCADE,
    id          uuid NOT NULL,
    name        text CHECK (length(name) BETWEEN 1 AND 100),
    street      text NOT NULL CHECK (length(street) BETWEEN 1 AND 200),
    postal_code text NOT NULL CHECK (length(postal_code) BETWEEN 1 AND 20),
    city        text NOT NULL CHECK (length(city) BETWEEN 1 AND 100),
    country     text NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
    PRIMARY KEY (customer_id, id)
);
