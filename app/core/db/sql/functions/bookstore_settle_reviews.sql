-- As the migrations leave it. Changed by a migration, then written by `make sql`.

CREATE OR REPLACE FUNCTION public.bookstore_settle_reviews(ids integer[])
 RETURNS void
 LANGUAGE plpgsql
AS $function$
    BEGIN
        PERFORM FROM books WHERE id IN (SELECT book_id FROM reviews WHERE id = ANY (ids)) ORDER BY id FOR NO KEY UPDATE;
        UPDATE reviews SET counts = NOT counts WHERE id = ANY (ids) AND counts = (
    (SELECT bool_or(status = 'confirmed') FROM orders
     WHERE orders.user_id = reviews.user_id
       AND reviews.book_id = ANY (ARRAY(SELECT book_id FROM order_items WHERE order_id = orders.id))) IS FALSE
);
    END
$function$;
