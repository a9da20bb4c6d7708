-- Rows were given ids; the next ones go on from there.

SELECT setval(pg_get_serial_sequence('users', 'id'), max(id)) FROM users;
SELECT setval(pg_get_serial_sequence('genres', 'id'), max(id)) FROM genres;
SELECT setval(pg_get_serial_sequence('books', 'id'), max(id)) FROM books;
SELECT setval(pg_get_serial_sequence('orders', 'id'), max(id)) FROM orders;
SELECT setval(pg_get_serial_sequence('carts', 'id'), max(id)) FROM carts;
