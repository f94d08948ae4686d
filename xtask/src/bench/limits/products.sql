INSERT INTO products (id, name, sort_name, description, category, amount, currency, received, created_at, updated_at)
SELECT md5(number::text)::uuid, 'Benchmark cup ' || number, 'benchmark cup', 'A cup.', 'cups', 1250, 'EUR', 1000000, now(), now()
FROM generate_series(1, 64) AS number;
