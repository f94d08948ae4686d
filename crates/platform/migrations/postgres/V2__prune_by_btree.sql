-- What is a week old is found by these. Under BRIN that was soon the whole table: its ranges do not shrink as rows are
-- deleted, and grow as newer ones take their room.
DROP INDEX inbox_by_age;
CREATE INDEX inbox_by_age ON inbox (applied_at);
DROP INDEX idempotency_by_age;
CREATE INDEX idempotency_by_age ON idempotency (created_at);
