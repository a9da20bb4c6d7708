-- As the migrations leave it. Changed by a migration, then written by `make sql`.

CREATE OR REPLACE FUNCTION public.bookstore_keep_order_totals()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
    DECLARE
        ids integer[];
        changes numeric[];
    BEGIN
        IF TG_OP = 'INSERT' THEN

    SELECT array_agg(order_id ORDER BY order_id), array_agg(change ORDER BY order_id) INTO ids, changes
    FROM (
        SELECT order_id, sum(change) AS change FROM (SELECT order_id, line_total AS change FROM came) AS changed GROUP BY order_id HAVING sum(change) <> 0
    ) AS moved
    WHERE (SELECT items_total FROM orders WHERE id = order_id) <> (SELECT coalesce(sum(line_total), 0) FROM order_items WHERE order_items.order_id = moved.order_id)
;
        ELSIF TG_OP = 'DELETE' THEN

    SELECT array_agg(order_id ORDER BY order_id), array_agg(change ORDER BY order_id) INTO ids, changes
    FROM (
        SELECT order_id, sum(change) AS change FROM (SELECT order_id, -line_total AS change FROM gone) AS changed GROUP BY order_id HAVING sum(change) <> 0
    ) AS moved
    WHERE (SELECT items_total FROM orders WHERE id = order_id) <> (SELECT coalesce(sum(line_total), 0) FROM order_items WHERE order_items.order_id = moved.order_id)
;
        ELSE

    SELECT array_agg(order_id ORDER BY order_id), array_agg(change ORDER BY order_id) INTO ids, changes
    FROM (
        SELECT order_id, sum(change) AS change FROM (SELECT order_id, line_total AS change FROM came UNION ALL SELECT order_id, -line_total AS change FROM gone) AS changed GROUP BY order_id HAVING sum(change) <> 0
    ) AS moved
    WHERE (SELECT items_total FROM orders WHERE id = order_id) <> (SELECT coalesce(sum(line_total), 0) FROM order_items WHERE order_items.order_id = moved.order_id)
;
        END IF;
        IF ids IS NOT NULL THEN
            PERFORM FROM orders WHERE id = ANY (ids) ORDER BY id FOR NO KEY UPDATE;
            UPDATE orders SET items_total = items_total + change, grand_total = grand_total + change
            FROM unnest(ids, changes) AS moved (order_id, change)
            WHERE orders.id = moved.order_id
              AND items_total + change = (SELECT coalesce(sum(line_total), 0) FROM order_items WHERE order_items.order_id = orders.id);
        END IF;
        RETURN NULL;
    END
$function$;
