-- What will be sold, to whom and when, so that books can be stocked for it; then the books.

CREATE TEMPORARY TABLE plan ON COMMIT DROP AS
SELECT n AS order_id, buyers.id AS user_id, created_at,
       CASE WHEN fate < 0.97 THEN 'confirmed' WHEN fate < 0.99 THEN 'cancelled' ELSE 'payment_failed' END AS status,
       least(created_at + interval '3 days' * pg_temp.dice(n, 200), now()) AS cancelled_at,
       CASE WHEN pg_temp.dice(n, 201) < 0.5 THEN buyers.id ELSE pg_temp.staff(n, 202) END AS cancelled_by
FROM (
    -- Sales grow with the shop, and nobody orders before they came. Some order all the time.
    SELECT n, sqrt(n::float8 / pg_temp.orders()) AS share FROM generate_series(1, pg_temp.orders()) AS n
) AS moments
CROSS JOIN LATERAL (SELECT pg_temp.moment(share) AS created_at, pg_temp.dice(n, 203) AS fate) AS facts
CROSS JOIN LATERAL (
    SELECT pg_temp.roll(greatest(floor(pg_temp.users() * share), 1)::bigint, n, 204, 2) AS id
) AS buyers;

CREATE TEMPORARY TABLE plan_lines ON COMMIT DROP AS
SELECT n AS order_id, book_id, sum(copies)::integer AS quantity
FROM generate_series(1, pg_temp.orders()) AS n
CROSS JOIN LATERAL generate_series(1, pg_temp.roll(5, n, 210, 2)) AS line
CROSS JOIN LATERAL (
    SELECT pg_temp.popular_book(n * 8 + line, 211) AS book_id, pg_temp.roll(4, n * 8 + line, 212, 6) AS copies
) AS facts
GROUP BY n, book_id;
ANALYZE plan, plan_lines;

-- Three books of a hundred sell out; two others were restocked once.
CREATE TEMPORARY TABLE stocks ON COMMIT DROP AS
SELECT n AS book_id, opened_at, coalesce(sold, 0) + stays AS opening,
       CASE WHEN stays > 0 AND pg_temp.dice(n, 220) < 0.02 THEN 20 ELSE 0 END AS restocked,
       date_trunc('milliseconds', opened_at + (now() - opened_at) * pg_temp.dice(n, 221)) AS restocked_at,
       pg_temp.staff(n, 222) AS restocked_by,
       stays + coalesce(returned, 0) AS remains
FROM generate_series(1, pg_temp.books()) AS n
LEFT JOIN (
    SELECT book_id, sum(quantity) AS sold, sum(quantity) FILTER (WHERE status = 'cancelled') AS returned,
           min(created_at) AS first_at
    FROM plan_lines JOIN plan USING (order_id)
    WHERE status <> 'payment_failed'
    GROUP BY book_id
) AS traffic ON book_id = n
CROSS JOIN LATERAL (
    SELECT CASE WHEN pg_temp.dice(n, 223) < 0.03 THEN 0 ELSE 4 + pg_temp.roll(200, n, 224) END AS stays,
           least(pg_temp.moment(pg_temp.dice(n, 225) - 0.2), first_at - interval '1 hour') AS opened_at
) AS facts;

INSERT INTO genres (id, name) SELECT n, genres[n] FROM words, generate_series(1, cardinality(genres)) AS n;

CREATE TEMPORARY TABLE authors ON COMMIT DROP AS
SELECT n, pg_temp.word(first_names, n, 230, 1) || CASE WHEN pg_temp.dice(n, 231) < 0.2 THEN ' ' || chr(65 + n % 26) || '. '
                                                      ELSE ' ' END
          || CASE WHEN pg_temp.dice(n, 232) < 0.3 THEN pg_temp.word(last_names, n, 233, 1)
                  ELSE pg_temp.invented(n, 234) END AS name
FROM generate_series(1, pg_temp.books() / 8 + 1) AS n CROSS JOIN words;
ALTER TABLE authors ADD PRIMARY KEY (n);

-- The opening movements are written with the others, at the time when the book came.
ALTER TABLE books DISABLE TRIGGER books_open_stock;
INSERT INTO books (id, title, author, price, isbn, description, publish_date, stock_quantity, genre_id, created_at,
                   updated_at, picked_at)
SELECT book_id,
       CASE pg_temp.roll(10, book_id, 240)
           WHEN 1 THEN 'The ' || adjective || ' ' || noun
           WHEN 2 THEN 'The ' || noun || ' of ' || pg_temp.invented(book_id, 244)
           WHEN 3 THEN 'A ' || noun || ' in ' || pg_temp.invented(book_id, 244)
           WHEN 4 THEN noun || ' and ' || other
           WHEN 5 THEN pg_temp.invented(book_id, 244) || '''s ' || adjective || ' ' || noun
           WHEN 6 THEN pg_temp.invented(book_id, 244) || ': The ' || noun || ' of a ' || adjective || ' ' || other
           WHEN 7 THEN 'The ' || pg_temp.invented(book_id, 244) || ' ' || noun || ', Volume ' || 1 + book_id % 12
           WHEN 8 THEN adjective || ' ' || noun || 's'
           WHEN 9 THEN 'How to Read the ' || noun || ': An Introduction to ' || other
           ELSE pg_temp.invented(book_id, 244) || ' and ' || pg_temp.invented(book_id, 248) END,
       name,
       3.99 + pg_temp.roll(60, book_id, 252, 2),
       CASE WHEN pg_temp.dice(book_id, 253) < 0.9 THEN isbn END,
       CASE WHEN pg_temp.dice(book_id, 254) < 0.8 THEN
           repeat('It is about the ' || lower(noun) || ' of ' || name || ', and what became of it. ',
                  pg_temp.roll(8, book_id, 255)) END,
       CASE WHEN pg_temp.dice(book_id, 256) < 0.9
            THEN current_date - pg_temp.roll(27000, book_id, 257, 3) END,
       remains + restocked,
       CASE WHEN pg_temp.dice(book_id, 258) < 0.98 THEN pg_temp.roll(cardinality(genres), book_id, 259, 1.5) END,
       opened_at, opened_at,
       CASE WHEN book_id % (1 + pg_temp.books() / 100) = 1 THEN now() - interval '1 day' * (book_id % 60) END
FROM stocks
JOIN authors ON n = pg_temp.roll(pg_temp.books() / 8 + 1, book_id, 260, 2)
CROSS JOIN words
CROSS JOIN LATERAL (
    SELECT pg_temp.word(adjectives, book_id, 241) AS adjective, pg_temp.word(nouns, book_id, 242) AS noun,
           pg_temp.word(nouns, book_id, 243, 1) AS other, lpad(book_id::text, 9, '0') AS digits
) AS facts
CROSS JOIN LATERAL (
    SELECT '978' || digits || (1000 - 38 - sum(substr(digits, place, 1)::integer * (1 + 2 * (place % 2)))) % 10 AS isbn
    FROM generate_series(1, 9) AS place
) AS numbers
ORDER BY book_id;
ALTER TABLE books ENABLE TRIGGER books_open_stock;
ANALYZE books;
