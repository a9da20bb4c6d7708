-- Orders with their lines and events, what was charged and given back, the ledger of the stock, the mails.

CREATE TEMPORARY TABLE prices ON COMMIT DROP AS
SELECT order_id, book_id, quantity,
       CASE WHEN pg_temp.dice(order_id, 300) < 0.3 THEN round(price * 0.9, 2) ELSE price END AS unit_price
FROM plan_lines JOIN books ON books.id = book_id;
ANALYZE prices;

INSERT INTO orders (id, user_id, status, created_at, payment_reference, items_total, grand_total)
SELECT order_id, user_id, status::orderstatus, created_at,
       CASE WHEN status <> 'payment_failed' THEN 'mock_' || md5(order_id::text) END, total, total
FROM plan
JOIN (SELECT order_id, sum(quantity * unit_price) AS total FROM prices GROUP BY order_id) AS sums USING (order_id)
ORDER BY order_id;

-- The orders have the totals of these lines already, and there is no index to look each of them up by.
ALTER TABLE order_items DISABLE TRIGGER order_items_keep_totals_insert;
INSERT INTO order_items (order_id, book_id, quantity, unit_price, title, author, isbn)
SELECT order_id, book_id, quantity, unit_price, title, author, isbn
FROM prices JOIN books ON books.id = book_id
ORDER BY order_id, book_id;
ALTER TABLE order_items ENABLE TRIGGER order_items_keep_totals_insert;

INSERT INTO order_events (order_id, status, reason, actor_user_id, created_at)
SELECT order_id, step::orderstatus, reason, actor_id, taken_at
FROM (
    SELECT order_id, CASE status WHEN 'payment_failed' THEN status ELSE 'confirmed' END AS step, NULL AS reason,
           user_id AS actor_id, created_at AS taken_at
    FROM plan
    UNION ALL
    SELECT order_id, 'cancelled', CASE WHEN cancelled_by <> user_id THEN 'The buyer asked for it.' END,
           cancelled_by, cancelled_at
    FROM plan WHERE status = 'cancelled'
) AS steps
ORDER BY taken_at, order_id, step::orderstatus;

-- The cart of a user bears the user's id; each order was one filling of it.
INSERT INTO carts (id, user_id, created_at, checkout_number)
SELECT user_id, user_id, min(created_at), count(*) FROM plan WHERE status <> 'payment_failed' GROUP BY user_id ORDER BY 1;

CREATE TEMPORARY TABLE totals ON COMMIT DROP AS
SELECT plan.*, grand_total AS total, row_number() OVER (PARTITION BY plan.user_id ORDER BY order_id) - 1 AS checkout_number
FROM plan JOIN orders ON orders.id = order_id
WHERE plan.status <> 'payment_failed';

INSERT INTO payment_attempts
    (charge_key, user_id, cart_id, checkout_number, amount, currency, outcome, reference, order_id, created_at)
SELECT 'order-' || order_id, user_id, user_id, checkout_number, total, 'USD', 'approved', 'mock_' || md5(order_id::text), order_id,
       created_at
FROM totals
UNION ALL
SELECT 'declined-' || order_id, user_id, user_id, checkout_number, total, 'USD', 'declined', NULL, NULL, created_at
FROM totals WHERE pg_temp.dice(order_id, 310) < 0.05
ORDER BY created_at;

INSERT INTO payment_refunds (attempt_id, amount, reference, created_at)
SELECT id, amount, 'refund_' || md5(order_id::text), cancelled_at
FROM payment_attempts JOIN totals USING (order_id) WHERE status = 'cancelled' ORDER BY cancelled_at;

-- In the order in which they happened: each movement starts from what the one before left.
INSERT INTO stock_movements
    (book_id, book_title, delta, quantity_after, kind, reason, order_id, actor_user_id, created_at)
SELECT book_id, title, delta, sum(delta) OVER (PARTITION BY book_id ORDER BY moved_at, order_id NULLS FIRST, delta),
       kind, reason, order_id, actor_id, moved_at
FROM (
    SELECT book_id, opening AS delta, 'opening' AS kind, NULL AS reason, NULL::integer AS order_id,
           NULL::integer AS actor_id, opened_at AS moved_at
    FROM stocks WHERE opening > 0
    UNION ALL
    SELECT book_id, restocked, 'restock', 'Delivery', NULL, restocked_by, restocked_at FROM stocks WHERE restocked > 0
    UNION ALL
    SELECT book_id, -quantity, 'sale', NULL, order_id, user_id, created_at
    FROM plan_lines JOIN plan USING (order_id) WHERE status <> 'payment_failed'
    UNION ALL
    SELECT book_id, quantity, 'cancellation', NULL, order_id, cancelled_by, cancelled_at
    FROM plan_lines JOIN plan USING (order_id) WHERE status = 'cancelled'
) AS moves
JOIN books ON books.id = book_id
ORDER BY moved_at, order_id NULLS FIRST, delta;

-- Mails older than 30 days have been purged.
INSERT INTO email_outbox
    (message_id, kind, recipient, subject, html, text, status, attempts, created_at, sent_at, order_id, last_error)
SELECT '<' || kind || '-' || order_id || '@bookstore.example>', kind, email, subject,
       '<p>' || repeat('Thank you for your order. ', 80) || '</p>', 'Thank you for your order.',
       CASE WHEN lost THEN 'dead' ELSE 'sent' END, CASE WHEN lost THEN 8 ELSE 1 END, told_at,
       CASE WHEN NOT lost THEN told_at + interval '3 seconds' END, order_id,
       CASE WHEN lost THEN 'The mailbox does not exist.' END
FROM (
    SELECT 'order_confirmation' AS kind, 'Your Bookstore order is confirmed' AS subject, order_id, user_id,
           created_at AS told_at
    FROM plan WHERE status <> 'payment_failed'
    UNION ALL
    SELECT 'order_cancelled', 'Your Bookstore order was cancelled', order_id, user_id, cancelled_at
    FROM plan WHERE status = 'cancelled'
) AS told
JOIN users ON users.id = user_id
CROSS JOIN LATERAL (SELECT pg_temp.dice(order_id, 320) < 0.005 AS lost) AS fate
WHERE told_at > now() - interval '30 days'
ORDER BY told_at;

INSERT INTO audit_events (actor_user_id, actor_email, action, subject, subject_id, before, after, created_at)
SELECT actor_id, email, action, split_part(action, '.', 1), subject_id, before, after, deeds.created_at
FROM (
    SELECT restocked_by AS actor_id, 'book.stock_adjusted' AS action, book_id AS subject_id, NULL::jsonb AS before,
           jsonb_build_object('delta', restocked) AS after, restocked_at AS created_at
    FROM stocks WHERE restocked > 0
    UNION ALL
    SELECT cancelled_by, 'order.cancelled', order_id, '{"status": "confirmed"}', '{"status": "cancelled"}', cancelled_at
    FROM plan WHERE status = 'cancelled' AND cancelled_by <> user_id
    UNION ALL
    SELECT pg_temp.staff(id, 330), 'book.changed', id, jsonb_build_object('price', (price + 1)::text),
           jsonb_build_object('price', price::text), created_at + (now() - created_at) * pg_temp.dice(id, 331)
    FROM books WHERE pg_temp.dice(id, 332) < 0.2
) AS deeds
JOIN users ON users.id = actor_id
ORDER BY deeds.created_at;
