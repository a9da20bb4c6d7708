-- As the migrations leave it. Changed by a migration, then written by `make sql`.

CREATE OR REPLACE FUNCTION public.bookstore_count_books()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO book_counters (delta) SELECT count(*) FROM came HAVING count(*) > 0;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO book_counters (delta) SELECT -count(*) FROM gone HAVING count(*) > 0;
    ELSIF TG_OP = 'UPDATE' THEN
        INSERT INTO book_counters (delta) VALUES (0);
    ELSE
        DELETE FROM book_counters;
        INSERT INTO book_counters (delta) VALUES (0);
    END IF;
    RETURN NULL;
END
$function$;
