-- As the migrations leave it. Changed by a migration, then written by `make sql`.

CREATE OR REPLACE FUNCTION public.bookstore_note_stale_books()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO stale_books (book_id) SELECT id FROM came;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO stale_books (book_id) SELECT id FROM gone;
    ELSIF TG_OP = 'UPDATE' THEN
        INSERT INTO stale_books (book_id) VALUES (NEW.id);
    ELSE
        DELETE FROM frequent_prefixes;
        DELETE FROM stale_books;
    END IF;
    RETURN NULL;
END
$function$;
