-- As the migrations leave it. Changed by a migration, then written by `make sql`.

CREATE OR REPLACE FUNCTION public.bookstore_gather_words()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    INSERT INTO book_words (word)
    SELECT lexeme
    FROM (SELECT DISTINCT unnest(tsvector_to_array(search_vector)) AS lexeme FROM came) AS lexemes
    WHERE NOT EXISTS (SELECT FROM book_words WHERE word = lexeme);
    RETURN NULL;
END
$function$;
