-- A catalogue with ratings, readers with baskets. {books}, {readers} and {copies} are numbers.
INSERT INTO genres (name) SELECT 'Shelf ' || n FROM generate_series(1, 40) AS n;

INSERT INTO books (title, author, price, isbn, description, stock_quantity, genre_id, publish_date, created_at)
SELECT format('The %s of the %s %s', noun[1 + n % 12], adjective[1 + n / 12 % 10], noun[1 + n / 120 % 12]),
       format('%s %s', first[1 + n % 9], last[1 + n / 9 % 11]),
       5 + n % 4000 / 100.0,
       '97800' || lpad(n::text, 8, '0'),
       repeat('A story that readers of all ages like to read again. ', 6),
       {copies}, 1 + n % 40, date '1950-01-01' + n % 27000, now() - interval '1 minute' * n
FROM generate_series(1, {books}) AS n,
     (SELECT ARRAY['garden', 'house', 'river', 'thief', 'library', 'mountain', 'clock', 'island', 'letter', 'winter',
                   'philosophy', 'sea'] AS noun,
             ARRAY['silent', 'golden', 'lost', 'last', 'hidden', 'broken', 'secret', 'distant', 'young', 'old'] AS adjective,
             ARRAY['Ann', 'José', 'Mary', 'Leo', 'Jane', 'Emil', 'Zoë', 'Ada', 'Ivo'] AS first,
             ARRAY['García', 'Okafor', 'Tolstoy', 'Austen', 'Brontë', 'Verne', 'Woolf', 'Eliot', 'Kästner', 'Lem',
                   'Mann'] AS last) AS words;

INSERT INTO users (email, display_name)
SELECT 'reader' || n || '@example.com', 'Reader ' || n FROM generate_series(1, {readers}) AS n;

INSERT INTO carts (user_id) SELECT id FROM users;

INSERT INTO reviews (user_id, book_id, rating, text)
SELECT 1 + (id + n) % {readers}, id, 1 + (id * 7 + n * 3) % 5, 'I read it in one night.'
FROM books, generate_series(1, 3) AS n;
