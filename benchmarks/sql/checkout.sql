-- What POST /orders/checkout writes, in the order in which the shop takes its locks.
BEGIN;
SELECT id AS cart, checkout_number AS number FROM carts WHERE user_id = :user FOR UPDATE \gset
SELECT id, title, author, isbn, price, cover_image_url, stock_quantity FROM books
    WHERE id IN (SELECT book_id FROM cart_items WHERE cart_id = :cart) ORDER BY id FOR UPDATE;
WITH placed AS (
    INSERT INTO orders (user_id, currency, payment_reference, items_total, grand_total)
    SELECT :user, 'USD', 'mock_' || :cart || '-' || :number || '-0-0123456789ab', total, total
    FROM (SELECT sum(quantity * price) AS total FROM cart_items JOIN books ON books.id = book_id WHERE cart_id = :cart)
        AS lines
    RETURNING id, status, grand_total
), noted AS (
    INSERT INTO order_events (order_id, status, actor_user_id) SELECT id, status, :user FROM placed
)
SELECT id AS order, grand_total AS total FROM placed \gset
INSERT INTO order_items (order_id, book_id, quantity, unit_price, title, author, isbn)
    SELECT :order, books.id, quantity, price, title, author, isbn
    FROM cart_items JOIN books ON books.id = book_id WHERE cart_id = :cart ORDER BY cart_items.id;
WITH moved AS (
    UPDATE books SET stock_quantity = stock_quantity - quantity FROM cart_items
    WHERE cart_id = :cart AND books.id = book_id
    RETURNING books.id, title, quantity, stock_quantity
)
INSERT INTO stock_movements (book_id, book_title, delta, quantity_after, kind, order_id, actor_user_id)
    SELECT id, title, -quantity, stock_quantity, 'sale', :order, :user FROM moved ORDER BY id;
INSERT INTO payment_attempts (charge_key, user_id, cart_id, checkout_number, amount, currency, outcome, reference, order_id)
    VALUES (:cart || '-' || :number || '-0-0123456789ab', :user, :cart, :number, :total, 'USD', 'approved',
            'mock_' || :cart || '-' || :number || '-0-0123456789ab', :order);
DELETE FROM cart_items WHERE cart_id = :cart;
UPDATE carts SET checkout_number = checkout_number + 1 WHERE id = :cart;
INSERT INTO email_outbox (message_id, kind, recipient, subject, html, text, order_id)
    VALUES (gen_random_uuid()::text, 'order_confirmation', 'reader' || :user || '@example.com',
            'Your Bookstore order is confirmed', :html, :text, :order);
COMMIT;
