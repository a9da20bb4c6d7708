-- As the migrations leave it. Changed by a migration, then written by `make sql`.

CREATE OR REPLACE FUNCTION public.bookstore_carry_ratings_of_insert()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
    BEGIN
        PERFORM FROM books WHERE id IN (SELECT book_id FROM (
    SELECT book_id, sum(rating) AS rating, sum(number) AS number FROM (SELECT book_id, rating, 1 AS number FROM came WHERE deleted_at IS NULL AND counts) AS moves
    GROUP BY book_id HAVING sum(rating) <> 0 OR sum(number) <> 0
) AS change)
        ORDER BY id FOR NO KEY UPDATE;
        UPDATE books SET rating_sum = rating_sum + change.rating, rating_count = rating_count + change.number
        FROM (
    SELECT book_id, sum(rating) AS rating, sum(number) AS number FROM (SELECT book_id, rating, 1 AS number FROM came WHERE deleted_at IS NULL AND counts) AS moves
    GROUP BY book_id HAVING sum(rating) <> 0 OR sum(number) <> 0
) AS change WHERE books.id = change.book_id;
        RETURN NULL;
    END
$function$;
