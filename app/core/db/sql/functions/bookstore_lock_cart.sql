-- As the migrations leave it. Changed by a migration, then written by `make sql`.

CREATE OR REPLACE FUNCTION public.bookstore_lock_cart(owner integer)
 RETURNS TABLE(cart_id integer, checkout_number integer)
 LANGUAGE plpgsql
 ROWS 1
AS $function$
BEGIN
    RETURN QUERY SELECT carts.id, carts.checkout_number FROM carts WHERE carts.user_id = owner FOR UPDATE;
END
$function$;
