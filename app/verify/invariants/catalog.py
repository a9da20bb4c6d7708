"""Laws of stock, of its ledger, and of what hangs on books."""

from app.verify.invariant import Invariant

_CHUNK = 4096  # ids that a bitmap covers
_NOTHING = f"0::bit({_CHUNK})"
_AT_ONCE = 16  # chunks
_BIT_OF = f"set_bit({_NOTHING}, {{}} % {_CHUNK}, 1)"

CATALOG_LAWS = (
    Invariant(
        "stock_not_negative",
        "No book has less than nothing in stock.",
        "SELECT id AS book_id, stock_quantity FROM books WHERE stock_quantity < 0",
    ),
    Invariant(
        "stock_is_sum_of_movements",
        "The stock of a book is the sum of its movements.",
        """
        SELECT books.id AS book_id, stock_quantity, coalesce(moved, 0) AS sum_of_movements
        FROM books
        LEFT JOIN (
            SELECT book_id, sum(delta) AS moved FROM stock_movements WHERE book_id IS NOT NULL GROUP BY book_id
        ) ledgers ON ledgers.book_id = books.id
        WHERE stock_quantity <> coalesce(moved, 0)
        """,
    ),
    # The same as a running sum, but only the movement at fault is named, not all that follow it.
    Invariant(
        "movements_follow_one_another",
        "Each movement of a book starts from the quantity that the one before left, the first from 0.",
        """
        SELECT movement_id, book_id, quantity_before, delta, quantity_after
        FROM (
            SELECT id AS movement_id, book_id, delta, quantity_after,
                   lag(quantity_after, 1, 0) OVER (PARTITION BY book_id ORDER BY id)::bigint AS quantity_before
            FROM stock_movements WHERE book_id IS NOT NULL
        ) ledgers
        WHERE quantity_before + delta <> quantity_after
        """,
    ),
    # The ledgers of removed books cannot be told apart any more. But each of them is a walk from 0 back to 0, so all
    # of them together reach every quantity as often as they leave it.
    Invariant(
        "removed_ledgers_close",
        "The movements of removed books lead from 0 back to 0: each quantity is reached as often as it is left.",
        """
        SELECT quantity, sum(reached) AS times_reached, sum(departed) AS times_left
        FROM (
            SELECT quantity_after::bigint AS quantity, 1 AS reached, 0 AS departed
            FROM stock_movements WHERE book_id IS NULL
            UNION ALL
            SELECT quantity_after::bigint - delta, 0, 1 FROM stock_movements WHERE book_id IS NULL
        ) steps
        GROUP BY quantity HAVING sum(reached) <> sum(departed)
        """,
    ),
    Invariant(
        "ratings_add_up",
        "The rating figures of a book are those of its reviews that count and are not deleted.",
        """
        SELECT books.id AS book_id, rating_sum, coalesce(summed, 0) AS sum_of_reviews,
               rating_count, coalesce(counted, 0) AS count_of_reviews
        FROM books
        LEFT JOIN (
            SELECT book_id, sum(rating) AS summed, count(*) AS counted
            FROM reviews WHERE deleted_at IS NULL AND counts GROUP BY book_id
        ) figures ON figures.book_id = books.id
        WHERE (rating_sum, rating_count) <> (coalesce(summed, 0), coalesce(counted, 0))
        """,
    ),
    Invariant(
        "reviews_count_by_purchase",
        "A review that is not deleted counts unless every purchase of the book by its author was undone.",
        """
        SELECT reviews.id AS review_id, book_id, user_id, counts::text
        FROM reviews
        LEFT JOIN (
            SELECT user_id, book_id, bool_or(status = 'confirmed') AS stands
            FROM orders JOIN order_items ON order_id = orders.id WHERE book_id IS NOT NULL GROUP BY user_id, book_id
        ) purchases USING (user_id, book_id)
        WHERE deleted_at IS NULL AND counts = (stands IS FALSE)
        """,
    ),
    Invariant(
        "books_are_tallied",
        "The counters of books add up to the number of books.",
        """
        SELECT coalesce(sum(delta), 0) AS tallied, (SELECT count(*) FROM books) AS books FROM book_counters
        HAVING coalesce(sum(delta), 0) <> (SELECT count(*) FROM books)
        """,
    ),
    Invariant(
        "words_are_gathered",
        "Every word of a title or author is among the words that mistyped ones are compared with.",
        """
        SELECT lexeme AS word
        FROM (SELECT DISTINCT unnest(tsvector_to_array(search_vector)) AS lexeme FROM books) lexemes
        WHERE NOT EXISTS (SELECT FROM book_words WHERE word = lexeme)
        """,
    ),
    # Of very many books it looks at some 65,000 only, each time at others: all would take minutes.
    Invariant(
        "bitmaps_are_drawn_well",
        "The bitmaps of a frequent prefix say which books hold it, but for books that have changed since.",
        f"""
        WITH few AS MATERIALIZED (
            SELECT chunk FROM (SELECT id / {_CHUNK} AS chunk FROM books UNION SELECT chunk FROM prefix_bitmaps) chunks
            ORDER BY random() LIMIT {_AT_ONCE}
        ), held AS (
            SELECT prefix, chunk, bit_or(bit) AS hits,
                   bit_or(CASE WHEN 'A' = ANY (weights) THEN bit ELSE {_NOTHING} END) AS in_title
            FROM few
            JOIN books ON id BETWEEN chunk * {_CHUNK} AND chunk * {_CHUNK} + {_CHUNK - 1}
            CROSS JOIN LATERAL {_BIT_OF.format("id")} AS bit
            CROSS JOIN LATERAL unnest(search_vector)
            CROSS JOIN LATERAL generate_series(1, length(lexeme)) AS letters
            JOIN frequent_prefixes ON prefix = left(lexeme, letters) AND ready
            GROUP BY 1, 2
        ), drawn AS (
            SELECT prefix, chunk, hits, in_title
            FROM few JOIN prefix_bitmaps USING (chunk) JOIN frequent_prefixes USING (prefix) WHERE ready
        ), changed AS (
            SELECT book_id / {_CHUNK} AS chunk, bit_or({_BIT_OF.format("book_id")}) AS bits
            FROM stale_books GROUP BY 1
        ), wrong AS (
            SELECT prefix, chunk,
                   (coalesce(drawn.hits, {_NOTHING}) # coalesce(held.hits, {_NOTHING}))
                       & ~coalesce(changed.bits, {_NOTHING}) AS hits,
                   (coalesce(drawn.in_title, {_NOTHING}) # coalesce(held.in_title, {_NOTHING}))
                       & ~coalesce(changed.bits, {_NOTHING}) AS in_title
            FROM drawn FULL JOIN held USING (prefix, chunk) LEFT JOIN changed USING (chunk)
        )
        SELECT prefix, chunk, bit_count(hits) AS wrong_hits, bit_count(in_title) AS wrong_in_title
        FROM wrong WHERE bit_count(hits) + bit_count(in_title) > 0
        """,
    ),
    Invariant(
        "cart_lines_name_books",
        "No basket holds a book that is gone.",
        """
        SELECT id AS item_id, cart_id, book_id FROM cart_items
        WHERE NOT EXISTS (SELECT FROM books WHERE books.id = cart_items.book_id)
        """,
    ),
)
