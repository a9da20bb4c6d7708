-- As the migrations leave it. Changed by a migration, then written by `make sql`.

CREATE OR REPLACE FUNCTION public.bookstore_order_number()
 RETURNS character varying
 LANGUAGE plpgsql
AS $function$
DECLARE
    drawn bytea;
    candidate varchar;
BEGIN
    LOOP
        -- A random UUID has six fixed bits, in its bytes 6 and 8: the first six bytes have none.
        drawn := uuid_send(gen_random_uuid());
        candidate := '';
        FOR place IN 0..7 LOOP
            candidate := candidate || substr(
                '0123456789ABCDEFGHJKMNPQRSTVWXYZ',
                1 + 16 * get_bit(drawn, place * 5) + 8 * get_bit(drawn, place * 5 + 1)
                  + 4 * get_bit(drawn, place * 5 + 2) + 2 * get_bit(drawn, place * 5 + 3)
                  + get_bit(drawn, place * 5 + 4),
                1);
        END LOOP;
        candidate := substr(candidate, 1, 4) || '-' || substr(candidate, 5);
        EXIT WHEN NOT EXISTS (SELECT FROM orders WHERE orders.number = candidate);
    END LOOP;
    RETURN candidate;
END
$function$;
