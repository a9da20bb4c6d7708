-- As the migrations leave it. Changed by a migration, then written by `make sql`.

CREATE OR REPLACE FUNCTION public.bookstore_gather_changed_words()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    INSERT INTO book_words (word)
    SELECT lexeme FROM unnest(tsvector_to_array(NEW.search_vector)) AS lexeme
    WHERE NOT EXISTS (SELECT FROM book_words WHERE word = lexeme);
    RETURN NULL;
END
$function$;
