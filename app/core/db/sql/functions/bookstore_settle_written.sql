-- As the migrations leave it. Changed by a migration, then written by `make sql`.

CREATE OR REPLACE FUNCTION public.bookstore_settle_written()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
DECLARE ids integer[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT array_agg(id) INTO ids FROM came;
    ELSE
        SELECT array_agg(came.id) INTO ids FROM came JOIN gone USING (id)
        WHERE (came.user_id, came.book_id, came.deleted_at IS NULL)
           <> (gone.user_id, gone.book_id, gone.deleted_at IS NULL);
    END IF;
    IF ids IS NOT NULL THEN
        PERFORM bookstore_settle_reviews(ids);
    END IF;
    RETURN NULL;
END
$function$;
