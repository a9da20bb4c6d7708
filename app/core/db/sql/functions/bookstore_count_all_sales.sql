-- As the migrations leave it. Changed by a migration, then written by `make sql`.

CREATE OR REPLACE FUNCTION public.bookstore_count_all_sales()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    DELETE FROM sales_counters;
    INSERT INTO sales_counters (hour, orders, copies, revenue)
    SELECT date_trunc('hour', created_at, 'UTC'), count(DISTINCT orders.id), coalesce(sum(quantity), 0), coalesce(sum(line_total), 0)
    FROM orders LEFT JOIN order_items ON order_id = orders.id
    WHERE status = 'confirmed' GROUP BY 1 ORDER BY 1;
    RETURN NULL;
END
$function$;
