-- What the stores do for one order of two products, transaction by transaction and in as many trips, with every table in
-- one database and nobody between pgbench and it.
\set line1 random(1, 64)
\set line2 random(1, 64)
SELECT gen_random_uuid() AS o, gen_random_uuid() AS c \gset

-- Two additions to the cart: shopping asks products for the price, locks the cart, and writes.
SELECT id, name, amount, currency FROM products WHERE id = md5(:line1::text)::uuid;
\startpipeline
BEGIN;
SELECT pg_advisory_xact_lock(hashtext(:c::text));
SELECT product_id, quantity, amount, currency FROM cart_line WHERE owner = uuid_send(:c::uuid) ORDER BY position;
\endpipeline
\startpipeline
INSERT INTO cart_line (owner, product_id, quantity, amount, currency) VALUES (uuid_send(:c::uuid), md5(:line1::text)::uuid, 1, 1250, 'EUR')
    ON CONFLICT (owner, product_id) DO UPDATE SET quantity = excluded.quantity;
COMMIT;
\endpipeline
SELECT id, name, amount, currency FROM products WHERE id = md5(:line2::text)::uuid;
\startpipeline
BEGIN;
SELECT pg_advisory_xact_lock(hashtext(:c::text));
SELECT product_id, quantity, amount, currency FROM cart_line WHERE owner = uuid_send(:c::uuid) ORDER BY position;
\endpipeline
\startpipeline
INSERT INTO cart_line (owner, product_id, quantity, amount, currency) VALUES (uuid_send(:c::uuid), md5(:line2::text)::uuid, 1, 1250, 'EUR')
    ON CONFLICT (owner, product_id) DO UPDATE SET quantity = excluded.quantity;
COMMIT;
\endpipeline

-- Placing the order.
\startpipeline
BEGIN;
SELECT pg_advisory_xact_lock(hashtext(:c::text));
SELECT product_id, quantity, amount, currency FROM cart_line WHERE owner = uuid_send(:c::uuid) ORDER BY position;
SELECT 1 FROM revocation WHERE subject = :c::uuid AND kind = 'customer';
\endpipeline
\startpipeline
INSERT INTO orders (id, customer_id, status, amount, currency, payment_token, placed_at, updated_at) VALUES (:o::uuid, :c::uuid, 'pending', 2500, 'EUR', 'tok_ok', now(), now());
INSERT INTO order_line (order_id, product_id, name, amount, currency, quantity) SELECT :o::uuid, product_id, 'cup', amount, currency, quantity FROM cart_line WHERE owner = uuid_send(:c::uuid);
INSERT INTO order_timeline (order_id, number, at, status, note) VALUES (:o::uuid, 1, now(), 'pending', 'The order was placed.');
INSERT INTO outbox (relay, message_id, aggregate, event_type, source, occurred_at, traceparent, payload) VALUES (:o::uuid, gen_random_uuid(), :o::uuid, 'order.placed.v1', 'shopping', now(), '-', '{}') RETURNING id;
INSERT INTO timer (kind, subject, attempt, due_at) VALUES ('checkout', :o::uuid, 1, now() + interval '10 seconds') ON CONFLICT (kind, subject) DO UPDATE SET attempt = excluded.attempt;
DELETE FROM cart_line WHERE owner = uuid_send(:c::uuid);
COMMIT;
\endpipeline
DELETE FROM outbox WHERE aggregate = :o::uuid;

-- Products reserves.
\startpipeline
BEGIN;
INSERT INTO inbox (consumer, message_id, applied_at) VALUES ('products', gen_random_uuid(), now()) ON CONFLICT DO NOTHING;
INSERT INTO reservations (order_id, status, expires_at, created_at, updated_at) VALUES (:o::uuid, 'held', now() + interval '15 minutes', now(), now()) ON CONFLICT DO NOTHING;
UPDATE products SET reserved = reserved + 1 WHERE id IN (md5(:line1::text)::uuid, md5(:line2::text)::uuid) AND received - sold - reserved >= 1;
INSERT INTO reservation_lines (order_id, product_id, quantity) VALUES (:o::uuid, md5(:line1::text)::uuid, 1) ON CONFLICT DO NOTHING;
INSERT INTO timer (kind, subject, attempt, due_at) VALUES ('reservation', :o::uuid, 1, now() + interval '15 minutes') ON CONFLICT (kind, subject) DO UPDATE SET attempt = excluded.attempt;
INSERT INTO outbox (relay, message_id, aggregate, event_type, source, occurred_at, traceparent, payload) VALUES (:o::uuid, gen_random_uuid(), :o::uuid, 'stock.reserved.v1', 'products', now(), '-', '{}') RETURNING id;
\endpipeline
COMMIT;
DELETE FROM outbox WHERE aggregate = :o::uuid;

-- Shopping hears of it: the stock is held.
\startpipeline
BEGIN;
SELECT o.*, ARRAY(SELECT (product_id, quantity) FROM order_line WHERE order_id = o.id) FROM orders o WHERE o.id = :o::uuid FOR UPDATE;
INSERT INTO inbox (consumer, message_id, applied_at) VALUES ('shopping', gen_random_uuid(), now()) ON CONFLICT DO NOTHING;
\endpipeline
\startpipeline
UPDATE orders SET status = 'reserved', captured = false, updated_at = now() WHERE id = :o::uuid;
INSERT INTO order_timeline (order_id, number, at, status, note) SELECT :o::uuid, max(number) + 1, now(), 'reserved', 'the stock is held' FROM order_timeline WHERE order_id = :o::uuid;
INSERT INTO timer (kind, subject, attempt, due_at) VALUES ('checkout', :o::uuid, 1, now() + interval '10 seconds') ON CONFLICT (kind, subject) DO UPDATE SET attempt = excluded.attempt, due_at = excluded.due_at;
INSERT INTO outbox (relay, message_id, aggregate, event_type, source, occurred_at, traceparent, payload) VALUES (:o::uuid, gen_random_uuid(), :o::uuid, 'order.step.v1', 'shopping', now(), '-', '{}') RETURNING id;
COMMIT;
\endpipeline
DELETE FROM outbox WHERE aggregate = :o::uuid;

-- The payment provider's books, and payment's own: authorise.
\startpipeline
BEGIN;
SELECT pg_advisory_xact_lock(hashtext(:o::text));
SELECT outcome FROM sandbox_ledger WHERE key = 'authorise:' || :o;
SELECT count(*) FILTER (WHERE outcome = 'held'), max(amount) FROM sandbox_ledger WHERE order_id = :o::uuid;
\endpipeline
\startpipeline
INSERT INTO sandbox_ledger (key, order_id, operation, amount, currency, outcome, at) VALUES ('authorise:' || :o, :o::uuid, 'authorise', 2500, 'EUR', 'held', now()) ON CONFLICT (key) DO NOTHING;
COMMIT;
\endpipeline
\startpipeline
BEGIN;
SELECT pg_advisory_xact_lock(hashtext(:o::text));
SELECT order_id, status, amount, currency, captured, refunded FROM payment WHERE order_id = :o::uuid;
INSERT INTO inbox (consumer, message_id, applied_at) VALUES ('payment', gen_random_uuid(), now()) ON CONFLICT DO NOTHING;
\endpipeline
\startpipeline
INSERT INTO payment (order_id, status, amount, currency, captured, created_at, updated_at) VALUES (:o::uuid, 'authorised', 2500, 'EUR', 0, now(), now())
    ON CONFLICT (order_id) DO UPDATE SET status = excluded.status, captured = excluded.captured, updated_at = excluded.updated_at;
INSERT INTO payment_history (order_id, at, operation, outcome) VALUES (:o::uuid, now(), 'authorise', 'held');
INSERT INTO outbox (relay, message_id, aggregate, event_type, source, occurred_at, traceparent, payload) VALUES (:o::uuid, gen_random_uuid(), :o::uuid, 'payment.step.v1', 'payment', now(), '-', '{}') RETURNING id;
COMMIT;
\endpipeline
DELETE FROM outbox WHERE aggregate = :o::uuid;

-- Shopping hears of it: the payment is authorised.
\startpipeline
BEGIN;
SELECT o.*, ARRAY(SELECT (product_id, quantity) FROM order_line WHERE order_id = o.id) FROM orders o WHERE o.id = :o::uuid FOR UPDATE;
INSERT INTO inbox (consumer, message_id, applied_at) VALUES ('shopping', gen_random_uuid(), now()) ON CONFLICT DO NOTHING;
\endpipeline
\startpipeline
UPDATE orders SET status = 'authorised', captured = false, updated_at = now() WHERE id = :o::uuid;
INSERT INTO order_timeline (order_id, number, at, status, note) SELECT :o::uuid, max(number) + 1, now(), 'authorised', 'the payment is authorised' FROM order_timeline WHERE order_id = :o::uuid;
INSERT INTO timer (kind, subject, attempt, due_at) VALUES ('checkout', :o::uuid, 1, now() + interval '10 seconds') ON CONFLICT (kind, subject) DO UPDATE SET attempt = excluded.attempt, due_at = excluded.due_at;
INSERT INTO outbox (relay, message_id, aggregate, event_type, source, occurred_at, traceparent, payload) VALUES (:o::uuid, gen_random_uuid(), :o::uuid, 'order.step.v1', 'shopping', now(), '-', '{}') RETURNING id;
COMMIT;
\endpipeline
DELETE FROM outbox WHERE aggregate = :o::uuid;

-- Products sells what it held.
\startpipeline
BEGIN;
INSERT INTO inbox (consumer, message_id, applied_at) VALUES ('products', gen_random_uuid(), now()) ON CONFLICT DO NOTHING;
UPDATE reservations SET status = 'sold', updated_at = now() WHERE order_id = :o::uuid AND status = 'held';
UPDATE products SET reserved = reserved - 1, sold = sold + 1 WHERE id IN (md5(:line1::text)::uuid, md5(:line2::text)::uuid);
DELETE FROM timer WHERE kind = 'reservation' AND subject = :o::uuid;
INSERT INTO outbox (relay, message_id, aggregate, event_type, source, occurred_at, traceparent, payload) VALUES (:o::uuid, gen_random_uuid(), :o::uuid, 'stock.committed.v1', 'products', now(), '-', '{}') RETURNING id;
\endpipeline
COMMIT;
DELETE FROM outbox WHERE aggregate = :o::uuid;

-- Shopping hears of it: the order is confirmed.
\startpipeline
BEGIN;
SELECT o.*, ARRAY(SELECT (product_id, quantity) FROM order_line WHERE order_id = o.id) FROM orders o WHERE o.id = :o::uuid FOR UPDATE;
INSERT INTO inbox (consumer, message_id, applied_at) VALUES ('shopping', gen_random_uuid(), now()) ON CONFLICT DO NOTHING;
\endpipeline
\startpipeline
UPDATE orders SET status = 'confirmed', captured = false, updated_at = now() WHERE id = :o::uuid;
INSERT INTO order_timeline (order_id, number, at, status, note) SELECT :o::uuid, max(number) + 1, now(), 'confirmed', 'the order is confirmed' FROM order_timeline WHERE order_id = :o::uuid;
INSERT INTO timer (kind, subject, attempt, due_at) VALUES ('checkout', :o::uuid, 1, now() + interval '10 seconds') ON CONFLICT (kind, subject) DO UPDATE SET attempt = excluded.attempt, due_at = excluded.due_at;
INSERT INTO outbox (relay, message_id, aggregate, event_type, source, occurred_at, traceparent, payload) VALUES (:o::uuid, gen_random_uuid(), :o::uuid, 'order.step.v1', 'shopping', now(), '-', '{}') RETURNING id;
COMMIT;
\endpipeline
DELETE FROM outbox WHERE aggregate = :o::uuid;

-- The payment provider's books, and payment's own: capture.
\startpipeline
BEGIN;
SELECT pg_advisory_xact_lock(hashtext(:o::text));
SELECT outcome FROM sandbox_ledger WHERE key = 'capture:' || :o;
SELECT count(*) FILTER (WHERE outcome = 'held'), max(amount) FROM sandbox_ledger WHERE order_id = :o::uuid;
\endpipeline
\startpipeline
INSERT INTO sandbox_ledger (key, order_id, operation, amount, currency, outcome, at) VALUES ('capture:' || :o, :o::uuid, 'capture', 2500, 'EUR', 'captured', now()) ON CONFLICT (key) DO NOTHING;
COMMIT;
\endpipeline
\startpipeline
BEGIN;
SELECT pg_advisory_xact_lock(hashtext(:o::text));
SELECT order_id, status, amount, currency, captured, refunded FROM payment WHERE order_id = :o::uuid;
INSERT INTO inbox (consumer, message_id, applied_at) VALUES ('payment', gen_random_uuid(), now()) ON CONFLICT DO NOTHING;
\endpipeline
\startpipeline
INSERT INTO payment (order_id, status, amount, currency, captured, created_at, updated_at) VALUES (:o::uuid, 'captured', 2500, 'EUR', 2500, now(), now())
    ON CONFLICT (order_id) DO UPDATE SET status = excluded.status, captured = excluded.captured, updated_at = excluded.updated_at;
INSERT INTO payment_history (order_id, at, operation, outcome) VALUES (:o::uuid, now(), 'capture', 'captured');
INSERT INTO outbox (relay, message_id, aggregate, event_type, source, occurred_at, traceparent, payload) VALUES (:o::uuid, gen_random_uuid(), :o::uuid, 'payment.step.v1', 'payment', now(), '-', '{}') RETURNING id;
COMMIT;
\endpipeline
DELETE FROM outbox WHERE aggregate = :o::uuid;

-- Shopping hears of it: the money is here.
\startpipeline
BEGIN;
SELECT o.*, ARRAY(SELECT (product_id, quantity) FROM order_line WHERE order_id = o.id) FROM orders o WHERE o.id = :o::uuid FOR UPDATE;
INSERT INTO inbox (consumer, message_id, applied_at) VALUES ('shopping', gen_random_uuid(), now()) ON CONFLICT DO NOTHING;
\endpipeline
\startpipeline
UPDATE orders SET status = 'confirmed', captured = true, updated_at = now() WHERE id = :o::uuid;
INSERT INTO order_timeline (order_id, number, at, status, note) SELECT :o::uuid, max(number) + 1, now(), 'confirmed', 'the money is here' FROM order_timeline WHERE order_id = :o::uuid;
DELETE FROM timer WHERE kind = 'checkout' AND subject = :o::uuid;
COMMIT;
\endpipeline

-- The customer looks.
SELECT o.*, ARRAY(SELECT (product_id, quantity) FROM order_line WHERE order_id = o.id) FROM orders o WHERE o.id = :o::uuid;
SELECT o.*, ARRAY(SELECT (product_id, quantity) FROM order_line WHERE order_id = o.id) FROM orders o WHERE o.id = :o::uuid;
