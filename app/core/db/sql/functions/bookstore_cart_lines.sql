-- As the migrations leave it. Changed by a migration, then written by `make sql`.

CREATE OR REPLACE FUNCTION public.bookstore_cart_lines(cart integer)
 RETURNS bigint
 LANGUAGE plpgsql
AS $function$
BEGIN
    RETURN (SELECT count(*) FROM cart_items WHERE cart_id = cart);
END
$function$;
