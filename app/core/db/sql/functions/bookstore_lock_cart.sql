-- As the migrations leave it. Changed by a migration, then written by `make sql`.

CREATE OR REPLACE FUNCTION public.bookstore_lock_cart(owner integer, most_lines integer, most_keys integer)
 RETURNS TABLE(cart_id integer, turn integer, ended bigint, declined bigint, first_declined timestamp with time zone, keys bigint, first_key_until timestamp with time zone, line_id integer, book_id integer, quantity integer, title character varying, author character varying, price numeric, cover_image_url character varying)
 LANGUAGE plpgsql
AS $function$
DECLARE
    cart carts;
BEGIN
    SELECT * INTO cart FROM carts WHERE user_id = owner FOR UPDATE;
    IF NOT FOUND THEN
        IF most_keys IS NULL THEN
            RETURN;
        END IF;
        PERFORM FROM users WHERE id = owner FOR NO KEY UPDATE;
    END IF;
    RETURN QUERY
    SELECT cart.id, cart.turn, attempts.ended, attempts.declined, attempts.first_declined,
           claimed.keys, claimed.first_until,
           line.id, line.book_id, line.quantity, books.title, books.author, books.price, books.cover_image_url
    FROM (
        SELECT count(*) AS ended,
               count(*) FILTER (WHERE lately) AS declined, min(created_at) FILTER (WHERE lately) AS first_declined
        FROM payment_attempts AS attempt
        CROSS JOIN LATERAL (
            SELECT outcome = 'declined' AND created_at > now() - interval '1 hour' AS lately
        ) AS when_declined
        WHERE attempt.cart_id = cart.id AND attempt.cart_turn = cart.turn
          AND (attempt.outcome = 'declined' OR attempt.voided_at IS NOT NULL)
    ) AS attempts
    CROSS JOIN (
        SELECT count(*) AS keys, min(expires_at) AS first_until
        FROM (
            SELECT expires_at FROM idempotency_keys
            WHERE most_keys IS NOT NULL AND user_id = owner AND expires_at > now()
            LIMIT most_keys + 1
        ) AS unexpired
    ) AS claimed
    LEFT JOIN (cart_items AS line JOIN books ON books.id = line.book_id) ON line.cart_id = cart.id
    ORDER BY line.id
    LIMIT most_lines + 1;
END
$function$;
