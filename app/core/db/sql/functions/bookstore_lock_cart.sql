-- As the migrations leave it. Changed by a migration, then written by `make sql`.

CREATE OR REPLACE FUNCTION public.bookstore_lock_cart(account integer, guest bytea)
 RETURNS TABLE(cart_id integer, checkout_number integer)
 LANGUAGE plpgsql
 ROWS 1
AS $function$
BEGIN
    IF guest IS NULL THEN
        RETURN QUERY SELECT carts.id, carts.checkout_number FROM carts WHERE carts.user_id = account FOR UPDATE;
    ELSE
        RETURN QUERY
        SELECT carts.id, carts.checkout_number FROM carts WHERE carts.token_digest = guest FOR UPDATE;
    END IF;
END
$function$;
