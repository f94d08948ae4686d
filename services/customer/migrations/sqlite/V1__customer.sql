-- Accounts, sign-ins and addresses. Times are microseconds since the Unix epoch, ids are 16-byte UUIDs.

CREATE TABLE customer (
    id            BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    -- As the service normalises it, so that the constraint sees two spellings of one address as one.
    email         TEXT    NOT NULL UNIQUE CHECK (length(email) BETWEEN 3 AND 254 AND email = lower(email)),
    name          TEXT    CHECK (length(name) BETWEEN 1 AND 100),
    phone         TEXT    CHECK (length(phone) BETWEEN 1 AND 32),
    role          TEXT    NOT NULL CHECK (role IN ('customer', 'staff')),
    password_hash TEXT    NOT NULL CHECK (password_hash LIKE '$argon2id$%'),
    created_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX customer_staff ON customer (role) WHERE role = 'staff';

-- A sign-in: it ends with the last of its refresh tokens.
CREATE TABLE session (
    id          BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    customer_id BLOB    NOT NULL REFERENCES customer (id) ON DELETE CASCADE,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX session_by_customer ON session (customer_id);
CREATE INDEX session_by_expiry ON session (expires_at);

-- The tokens themselves are nowhere: whoever reads this table cannot sign in with it.
CREATE TABLE refresh_token (
    hash       BLOB    NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    session_id BLOB    NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL,
    -- When it was exchanged for its successor. Whoever shows it after that has stolen it, or was stolen from.
    rotated_at INTEGER
) STRICT;
CREATE INDEX refresh_token_by_session ON refresh_token (session_id);
CREATE INDEX refresh_token_by_expiry ON refresh_token (expires_at);
CREATE UNIQUE INDEX refresh_token_one_live ON refresh_token (session_id) WHERE rotated_at IS NULL;

-- The email is what was typed: there need not be such an account.
CREATE TABLE login_failure (
    id        INTEGER PRIMARY KEY,
    email     TEXT    NOT NULL,
    network   TEXT    NOT NULL,
    failed_at INTEGER NOT NULL
) STRICT;
CREATE INDEX login_failure_by_origin ON login_failure (email, network, failed_at);
CREATE INDEX login_failure_by_network ON login_failure (network, failed_at);
CREATE INDEX login_failure_by_age ON login_failure (failed_at);

CREATE TABLE address (
    customer_id BLOB NOT NULL REFERENCES customer (id) ON DELETE CASCADE,
    id          BLOB NOT NULL CHECK (length(id) = 16),
    name        TEXT CHECK (length(name) BETWEEN 1 AND 100),
    street      TEXT NOT NULL CHECK (length(street) BETWEEN 1 AND 200),
    postal_code TEXT NOT NULL CHECK (length(postal_code) BETWEEN 1 AND 20),
    city        TEXT NOT NULL CHECK (length(city) BETWEEN 1 AND 100),
    country     TEXT NOT NULL CHECK (country GLOB '[A-Z][A-Z]'),
    PRIMARY KEY (customer_id, id)
) STRICT, WITHOUT ROWID;
