-- As the migrations leave it. Changed by a migration, then written by `make sql`.

CREATE OR REPLACE FUNCTION public.bookstore_count_orders()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO sales_counters (hour, orders, copies, revenue)
        SELECT date_trunc('hour', created_at, 'UTC'), count(*), 0, 0 FROM came WHERE status = 'confirmed' GROUP BY 1;
        RETURN NULL;
    ELSIF TG_OP = 'UPDATE' THEN
        INSERT INTO sales_counters (hour, orders, copies, revenue)
        SELECT date_trunc('hour', created_at, 'UTC'), sum(sign), coalesce(sum(sign * sold), 0), coalesce(sum(sign * revenue), 0)
        FROM (SELECT *, -1 AS sign FROM gone UNION ALL SELECT *, 1 FROM came) AS changed,
             LATERAL (SELECT sum(quantity) AS sold, sum(line_total) AS revenue
                      FROM order_items WHERE order_id = changed.id) AS lines
        WHERE status = 'confirmed' GROUP BY 1 HAVING sum(sign) <> 0 OR sum(sign * sold) <> 0;
        RETURN NULL;
    END IF;
    -- Before the lines go: the trigger on them finds no order then, and leaves them to this one.
    IF OLD.status = 'confirmed' THEN
        INSERT INTO sales_counters (hour, orders, copies, revenue)
        SELECT date_trunc('hour', OLD.created_at, 'UTC'), -1, -coalesce(sum(quantity), 0),
               -coalesce(sum(line_total), 0)
        FROM order_items WHERE order_id = OLD.id;
    END IF;
    RETURN OLD;
END
$function$;
