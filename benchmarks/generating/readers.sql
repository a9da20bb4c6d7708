-- What readers leave behind: reviews, wishes, pre-bookings, notices, baskets.

-- All of them are of purchases that stand, so nothing need look at the orders of each: there are no indexes yet.
ALTER TABLE reviews DISABLE TRIGGER reviews_settle_insert;
INSERT INTO reviews (user_id, book_id, rating, text, created_at, updated_at, deleted_at)
SELECT user_id, book_id, (ARRAY[5, 4, 5, 3, 4, 2, 5, 1])[pg_temp.roll(8, book_id * 31::bigint + user_id, 400, 1.5)],
       CASE WHEN pg_temp.dice(order_id, 401) < 0.6
            THEN repeat('I read it in one night and would do so again. ', pg_temp.roll(12, order_id, 402, 2)) END,
       written_at, written_at, CASE WHEN pg_temp.dice(order_id, 403) < 0.03 THEN now() END
FROM (
    SELECT DISTINCT ON (user_id, book_id) user_id, book_id, order_id,
           least(created_at + interval '40 days' * pg_temp.dice(order_id * 8::bigint + book_id, 404), now()) AS written_at
    FROM plan_lines JOIN plan USING (order_id)
    WHERE status = 'confirmed' AND pg_temp.dice(order_id * 8::bigint + book_id, 405) < 0.25
    ORDER BY user_id, book_id, order_id
) AS written
ORDER BY written_at;
ALTER TABLE reviews ENABLE TRIGGER reviews_settle_insert;

INSERT INTO wishlist_items (user_id, book_id, added_at)
SELECT user_id, book_id, pg_temp.moment(min(share))
FROM (
    SELECT pg_temp.roll(pg_temp.users(), n, 410, 2) AS user_id, pg_temp.popular_book(n, 411) AS book_id,
           pg_temp.dice(n, 412) AS share
    FROM generate_series(1, 2 * pg_temp.users()) AS n
) AS wishes
GROUP BY user_id, book_id ORDER BY 3;

INSERT INTO pre_bookings (user_id, book_id, status, created_at, notified_at, cancelled_at)
SELECT user_id, book_id, fate::prebookstatus, booked_at,
       CASE fate WHEN 'notified' THEN booked_at + interval '1 day' END,
       CASE fate WHEN 'cancelled' THEN booked_at + interval '1 hour' END
FROM (
    SELECT pg_temp.roll(pg_temp.users(), n, 420, 2) AS user_id, pg_temp.popular_book(n, 421) AS book_id,
           CASE WHEN pg_temp.dice(n, 422) < 0.8 THEN 'notified' ELSE 'cancelled' END AS fate,
           pg_temp.moment(pg_temp.dice(n, 423) - 0.01) AS booked_at
    FROM generate_series(1, pg_temp.users()) AS n
) AS bookings
ORDER BY booked_at;

-- Only sold-out books are waited for, and nobody waits since before the copies came that were sold since.
CREATE TEMPORARY TABLE sold_out ON COMMIT DROP AS
SELECT row_number() OVER (ORDER BY book_id) AS number, book_id, opened_at FROM stocks WHERE remains + restocked = 0;
ANALYZE sold_out;

INSERT INTO pre_bookings (user_id, book_id, created_at)
SELECT DISTINCT ON (user_id, book_id)
       user_id, book_id, greatest(now() - interval '9 days' * pg_temp.dice(n, 430), opened_at)
FROM (
    SELECT n, pg_temp.roll(pg_temp.users(), n, 431, 2) AS user_id,
           pg_temp.roll((SELECT count(*) FROM sold_out), n, 432, 3) AS number
    FROM generate_series(1, pg_temp.users() / 4) AS n
) AS bookings
JOIN sold_out USING (number)
ORDER BY user_id, book_id;

INSERT INTO notices (user_id, kind, title, body, path, created_at, read_at)
SELECT user_id, 'restock', '''' || title || ''' is back in stock',
       'You asked to be told. Copies are not reserved, so come soon.', '/shop/books/' || books.id, told_at,
       CASE WHEN pg_temp.dice(n, 440) < 0.7 THEN told_at + interval '1 hour' END
FROM (
    SELECT n, pg_temp.roll(pg_temp.users(), n, 441, 2) AS user_id, pg_temp.popular_book(n, 442) AS book_id,
           now() - interval '80 days' * pg_temp.dice(n, 443) AS told_at
    FROM generate_series(1, 2 * pg_temp.users()) AS n
) AS told
JOIN books ON books.id = book_id
ORDER BY told_at;

INSERT INTO cart_items (cart_id, book_id, quantity)
SELECT DISTINCT ON (id, book_id) id, book_id, 1
FROM carts
CROSS JOIN LATERAL generate_series(1, pg_temp.roll(4, id, 450)) AS line
CROSS JOIN LATERAL (SELECT pg_temp.popular_book(id * 8::bigint + line, 451) AS book_id) AS facts
WHERE pg_temp.dice(id, 452) < 0.1
ORDER BY id, book_id;
