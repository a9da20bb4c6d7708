-- As the migrations leave it. Changed by a migration, then written by `make sql`.

CREATE OR REPLACE FUNCTION public.bookstore_ended_payments(cart integer, this_checkout integer)
 RETURNS TABLE(ended bigint, declined bigint, first_declined timestamp with time zone)
 LANGUAGE sql
 STABLE ROWS 1
AS $function$
SELECT count(*), count(*) FILTER (WHERE lately), min(created_at) FILTER (WHERE lately)
FROM payment_attempts AS attempt
CROSS JOIN LATERAL (
    SELECT outcome = 'declined' AND created_at > now() - interval '1 hour' AS lately
) AS when_declined
WHERE attempt.cart_id = cart AND attempt.checkout_number = this_checkout
  AND (attempt.outcome = 'declined' OR attempt.voided_at IS NOT NULL)
$function$;
