-- As the migrations leave it. Changed by a migration, then written by `make sql`.

CREATE OR REPLACE FUNCTION public.bookstore_settle_orders()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
    DECLARE ids integer[];
    BEGIN
        IF TG_OP = 'UPDATE' THEN
            PERFORM FROM books WHERE id IN (SELECT book_id FROM came JOIN order_items ON order_id = came.id) ORDER BY id FOR NO KEY UPDATE;

    SELECT array_agg(id) INTO ids
    FROM (
        SELECT (SELECT reviews.id FROM reviews
                WHERE reviews.user_id = bought.user_id AND reviews.book_id = bought.book_id AND deleted_at IS NULL
                  AND true) AS id
        FROM (
    SELECT user_id, book_id FROM (SELECT id, user_id FROM gone UNION SELECT id, user_id FROM came) AS changed
    JOIN order_items ON order_id = changed.id
) AS bought
    ) AS reviewed
    WHERE id IS NOT NULL
;
        ELSE
            -- Their lines may be gone by now, so all reviews of those who bought are looked at.
            SELECT array_agg(reviews.id) INTO ids FROM reviews WHERE user_id IN (SELECT user_id FROM gone);
        END IF;
        IF ids IS NOT NULL THEN
            PERFORM bookstore_settle_reviews(ids);
        END IF;
        RETURN NULL;
    END
$function$;
