"""What confirmed orders come to in each hour, kept beside them."""

from alembic import op

revision = "c0d2e4f6a832"
down_revision = "b8c0d2e4f630"
branch_labels = None
depends_on = None

HOUR = "date_trunc('hour', created_at, 'UTC')"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE sales_tallies (
            id bigserial CONSTRAINT pk_sales_tallies PRIMARY KEY,
            hour timestamptz NOT NULL,
            orders integer NOT NULL,
            copies bigint NOT NULL,
            revenue numeric NOT NULL
        )
    """)
    op.execute(f"""
        CREATE FUNCTION bookstore_tally_all_sales() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            DELETE FROM sales_tallies;
            INSERT INTO sales_tallies (hour, orders, copies, revenue)
            SELECT {HOUR}, count(DISTINCT orders.id), coalesce(sum(quantity), 0), coalesce(sum(quantity * unit_price), 0)
            FROM orders LEFT JOIN order_items ON order_id = orders.id
            WHERE status = 'confirmed' GROUP BY 1 ORDER BY 1;
            RETURN NULL;
        END $$
    """)
    op.execute(f"""
        CREATE FUNCTION bookstore_tally_orders() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'INSERT' THEN
                INSERT INTO sales_tallies (hour, orders, copies, revenue)
                SELECT {HOUR}, count(*), 0, 0 FROM came WHERE status = 'confirmed' GROUP BY 1;
                RETURN NULL;
            ELSIF TG_OP = 'UPDATE' THEN
                INSERT INTO sales_tallies (hour, orders, copies, revenue)
                SELECT {HOUR}, sum(sign), coalesce(sum(sign * sold), 0), coalesce(sum(sign * value), 0)
                FROM (SELECT *, -1 AS sign FROM gone UNION ALL SELECT *, 1 FROM came) AS changed,
                     LATERAL (SELECT sum(quantity) AS sold, sum(quantity * unit_price) AS value
                              FROM order_items WHERE order_id = changed.id) AS lines
                WHERE status = 'confirmed' GROUP BY 1 HAVING sum(sign) <> 0 OR sum(sign * sold) <> 0;
                RETURN NULL;
            END IF;
            -- Before the lines go: the trigger on them finds no order then, and leaves them to this one.
            IF OLD.status = 'confirmed' THEN
                INSERT INTO sales_tallies (hour, orders, copies, revenue)
                SELECT {HOUR.replace("created_at", "OLD.created_at")}, -1, -coalesce(sum(quantity), 0),
                       -coalesce(sum(quantity * unit_price), 0)
                FROM order_items WHERE order_id = OLD.id;
            END IF;
            RETURN OLD;
        END $$
    """)
    op.execute(f"""
        CREATE FUNCTION bookstore_tally_lines() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'INSERT' THEN
                INSERT INTO sales_tallies (hour, orders, copies, revenue)
                SELECT {HOUR}, 0, sum(quantity), sum(quantity * unit_price)
                FROM came JOIN orders ON orders.id = order_id WHERE status = 'confirmed' GROUP BY 1;
            ELSIF TG_OP = 'DELETE' THEN
                INSERT INTO sales_tallies (hour, orders, copies, revenue)
                SELECT {HOUR}, 0, -sum(quantity), -sum(quantity * unit_price)
                FROM gone JOIN orders ON orders.id = order_id WHERE status = 'confirmed' GROUP BY 1;
            ELSE
                INSERT INTO sales_tallies (hour, orders, copies, revenue)
                SELECT {HOUR}, 0, sum(sign * quantity), sum(sign * quantity * unit_price)
                FROM (SELECT *, -1 AS sign FROM gone UNION ALL SELECT *, 1 FROM came) AS changed
                JOIN orders ON orders.id = order_id
                WHERE status = 'confirmed' GROUP BY 1
                HAVING sum(sign * quantity) <> 0 OR sum(sign * quantity * unit_price) <> 0;
            END IF;
            RETURN NULL;
        END $$
    """)
    for table, function in (("orders", "orders"), ("order_items", "lines")):
        for event, seeing in (("INSERT", "NEW TABLE AS came"), ("UPDATE", "OLD TABLE AS gone NEW TABLE AS came")):
            _on(table, f"AFTER {event}", f"REFERENCING {seeing} FOR EACH STATEMENT", f"bookstore_tally_{function}")
    # Orders are not truncated without their lines.
    _on("order_items", "AFTER TRUNCATE", "FOR EACH STATEMENT", "bookstore_tally_all_sales")
    _on("orders", "BEFORE DELETE", "FOR EACH ROW", "bookstore_tally_orders")
    _on("order_items", "AFTER DELETE", "REFERENCING OLD TABLE AS gone FOR EACH STATEMENT", "bookstore_tally_lines")
    op.execute(f"""
        INSERT INTO sales_tallies (hour, orders, copies, revenue)
        SELECT {HOUR}, count(*), coalesce(sum(sold), 0), coalesce(sum(value), 0)
        FROM orders LEFT JOIN (
            SELECT order_id, sum(quantity) AS sold, sum(quantity * unit_price) AS value FROM order_items GROUP BY 1
        ) AS lines ON order_id = orders.id
        WHERE status = 'confirmed' GROUP BY 1 ORDER BY 1
    """)
    op.execute("CREATE INDEX ix_sales_tallies_hour ON sales_tallies (hour)")


def _on(table: str, when: str, how: str, function: str) -> None:
    name = f"{table}_tally_{when.rpartition(' ')[2].lower()}"
    op.execute(f"CREATE TRIGGER {name} {when} ON {table} {how} EXECUTE FUNCTION {function}()")


def downgrade() -> None:
    op.execute("DROP TRIGGER order_items_tally_truncate ON order_items")
    for table in ("orders", "order_items"):
        for event in ("insert", "update", "delete"):
            op.execute(f"DROP TRIGGER {table}_tally_{event} ON {table}")
    for function in ("lines", "orders", "all_sales"):
        op.execute(f"DROP FUNCTION bookstore_tally_{function}()")
    op.execute("DROP TABLE sales_tallies")
