-- As the migrations leave it. Changed by a migration, then written by `make sql`.

CREATE OR REPLACE FUNCTION public.bookstore_count_lines()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO sales_counters (hour, orders, copies, revenue)
        SELECT date_trunc('hour', created_at, 'UTC'), 0, sum(quantity), sum(line_total)
        FROM came JOIN orders ON orders.id = order_id WHERE status = 'confirmed' GROUP BY 1;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO sales_counters (hour, orders, copies, revenue)
        SELECT date_trunc('hour', created_at, 'UTC'), 0, -sum(quantity), -sum(line_total)
        FROM gone JOIN orders ON orders.id = order_id WHERE status = 'confirmed' GROUP BY 1;
    ELSE
        INSERT INTO sales_counters (hour, orders, copies, revenue)
        SELECT date_trunc('hour', created_at, 'UTC'), 0, sum(sign * quantity), sum(sign * line_total)
        FROM (SELECT *, -1 AS sign FROM gone UNION ALL SELECT *, 1 FROM came) AS changed
        JOIN orders ON orders.id = order_id
        WHERE status = 'confirmed' GROUP BY 1
        HAVING sum(sign * quantity) <> 0 OR sum(sign * line_total) <> 0;
    END IF;
    RETURN NULL;
END
$function$;
