-- As the migrations leave it. Changed by a migration, then written by `make sql`.

CREATE OR REPLACE FUNCTION public.bookstore_begin_checkout(account integer, guest bytea, most_lines integer, most_keys integer)
 RETURNS TABLE(cart_id integer, checkout_number integer, ended bigint, declined bigint, first_declined timestamp with time zone, keys bigint, first_key_until timestamp with time zone, line_id integer, book_id integer, quantity integer, title character varying, author character varying, price numeric, cover_image_url character varying)
 LANGUAGE plpgsql
AS $function$
DECLARE
    cart integer;
    this_checkout integer;
    kept bigint := 0;
    kept_until timestamptz;
BEGIN
    SELECT locked.cart_id, locked.checkout_number INTO cart, this_checkout
    FROM bookstore_lock_cart(account, guest) AS locked;
    IF most_keys IS NOT NULL AND guest IS NULL THEN
        IF cart IS NULL THEN
            PERFORM FROM users WHERE users.id = account FOR NO KEY UPDATE;
        END IF;
        SELECT count(*), min(unexpired.expires_at) INTO kept, kept_until FROM (
            SELECT claim.expires_at FROM idempotency_keys AS claim
            WHERE claim.user_id = account AND claim.expires_at > now() LIMIT most_keys + 1
        ) AS unexpired;
    ELSIF most_keys IS NOT NULL THEN
        SELECT count(*), min(unexpired.expires_at) INTO kept, kept_until FROM (
            SELECT claim.expires_at FROM idempotency_keys AS claim
            WHERE claim.token_digest = guest AND claim.expires_at > now() LIMIT most_keys + 1
        ) AS unexpired;
    END IF;
    RETURN QUERY
    SELECT cart, this_checkout, attempts.ended, attempts.declined, attempts.first_declined,
           kept, kept_until, line.*
    FROM bookstore_ended_payments(cart, this_checkout) AS attempts
    LEFT JOIN bookstore_read_cart(cart, most_lines + 1) AS line ON true
    ORDER BY line.line_id;
END
$function$;
