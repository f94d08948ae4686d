-- As for the inbox.
CREATE INDEX idempotency_by_time ON idempotency (created_at);
DROP INDEX idempotency_by_age;
