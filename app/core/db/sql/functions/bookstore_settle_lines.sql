-- As the migrations leave it. Changed by a migration, then written by `make sql`.

CREATE OR REPLACE FUNCTION public.bookstore_settle_lines()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
    DECLARE ids integer[];
    BEGIN
        IF TG_OP = 'INSERT' THEN
            -- A line of an order that stands can only bring a review back, and any other only take one out.

    SELECT array_agg(id) INTO ids
    FROM (
        SELECT (SELECT reviews.id FROM reviews
                WHERE reviews.user_id = bought.user_id AND reviews.book_id = bought.book_id AND deleted_at IS NULL
                  AND counts <> (bought.status = 'confirmed')) AS id
        FROM (SELECT user_id, book_id, status FROM came JOIN orders ON orders.id = order_id) AS bought
    ) AS reviewed
    WHERE id IS NOT NULL
;
        ELSIF TG_OP = 'UPDATE' THEN

    SELECT array_agg(id) INTO ids
    FROM (
        SELECT (SELECT reviews.id FROM reviews
                WHERE reviews.user_id = bought.user_id AND reviews.book_id = bought.book_id AND deleted_at IS NULL
                  AND true) AS id
        FROM (SELECT user_id, book_id, status FROM (SELECT order_id, book_id FROM gone UNION SELECT order_id, book_id FROM came) AS lines JOIN orders ON orders.id = order_id) AS bought
    ) AS reviewed
    WHERE id IS NOT NULL
;
        ELSIF TG_OP = 'DELETE' THEN

    SELECT array_agg(id) INTO ids
    FROM (
        SELECT (SELECT reviews.id FROM reviews
                WHERE reviews.user_id = bought.user_id AND reviews.book_id = bought.book_id AND deleted_at IS NULL
                  AND true) AS id
        FROM (SELECT user_id, book_id, status FROM gone JOIN orders ON orders.id = order_id) AS bought
    ) AS reviewed
    WHERE id IS NOT NULL
;
        ELSE
            SELECT array_agg(id) INTO ids FROM reviews WHERE NOT counts;
        END IF;
        IF ids IS NOT NULL THEN
            PERFORM bookstore_settle_reviews(ids);
        END IF;
        RETURN NULL;
    END
$function$;
