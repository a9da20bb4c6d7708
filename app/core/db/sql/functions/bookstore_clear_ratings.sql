-- As the migrations leave it. Changed by a migration, then written by `make sql`.

CREATE OR REPLACE FUNCTION public.bookstore_clear_ratings()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    UPDATE books SET rating_sum = 0, rating_count = 0 WHERE rating_count <> 0;
    RETURN NULL;
END
$function$;
