-- What is a week old is found by this. Under BRIN that was soon the whole table: its ranges do not shrink as rows are deleted,
-- and grow as newer ones take their room.
CREATE INDEX inbox_by_time ON inbox (applied_at);
DROP INDEX inbox_by_age;
