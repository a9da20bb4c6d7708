-- As the migrations leave it. Changed by a migration, then written by `make sql`.

CREATE OR REPLACE FUNCTION public.bookstore_open_stock()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    INSERT INTO stock_movements (book_id, book_title, delta, quantity_after, kind)
    VALUES (NEW.id, NEW.title, NEW.stock_quantity, NEW.stock_quantity, 'opening');
    RETURN NULL;
END
$function$;
