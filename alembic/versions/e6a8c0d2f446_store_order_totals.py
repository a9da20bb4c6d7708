"""Orders keep what they come to, and lines as well."""

from alembic import op

revision = "e6a8c0d2f446"
down_revision = "f8b0d2e4a648"
branch_labels = None
depends_on = None

HOUR = "date_trunc('hour', created_at, 'UTC')"
# `{value}` is what a line comes to.
TALLY_ALL_SALES = f"""
    CREATE OR REPLACE FUNCTION bookstore_tally_all_sales() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        DELETE FROM sales_tallies;
        INSERT INTO sales_tallies (hour, orders, copies, revenue)
        SELECT {HOUR}, count(DISTINCT orders.id), coalesce(sum(quantity), 0), coalesce(sum({{value}}), 0)
        FROM orders LEFT JOIN order_items ON order_id = orders.id
        WHERE status = 'confirmed' GROUP BY 1 ORDER BY 1;
        RETURN NULL;
    END $$
"""
TALLY_ORDERS = f"""
    CREATE OR REPLACE FUNCTION bookstore_tally_orders() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'INSERT' THEN
            INSERT INTO sales_tallies (hour, orders, copies, revenue)
            SELECT {HOUR}, count(*), 0, 0 FROM came WHERE status = 'confirmed' GROUP BY 1;
            RETURN NULL;
        ELSIF TG_OP = 'UPDATE' THEN
            INSERT INTO sales_tallies (hour, orders, copies, revenue)
            SELECT {HOUR}, sum(sign), coalesce(sum(sign * sold), 0), coalesce(sum(sign * revenue), 0)
            FROM (SELECT *, -1 AS sign FROM gone UNION ALL SELECT *, 1 FROM came) AS changed,
                 LATERAL (SELECT sum(quantity) AS sold, sum({{value}}) AS revenue
                          FROM order_items WHERE order_id = changed.id) AS lines
            WHERE status = 'confirmed' GROUP BY 1 HAVING sum(sign) <> 0 OR sum(sign * sold) <> 0;
            RETURN NULL;
        END IF;
        -- Before the lines go: the trigger on them finds no order then, and leaves them to this one.
        IF OLD.status = 'confirmed' THEN
            INSERT INTO sales_tallies (hour, orders, copies, revenue)
            SELECT {HOUR.replace("created_at", "OLD.created_at")}, -1, -coalesce(sum(quantity), 0),
                   -coalesce(sum({{value}}), 0)
            FROM order_items WHERE order_id = OLD.id;
        END IF;
        RETURN OLD;
    END $$
"""
TALLY_LINES = f"""
    CREATE OR REPLACE FUNCTION bookstore_tally_lines() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'INSERT' THEN
            INSERT INTO sales_tallies (hour, orders, copies, revenue)
            SELECT {HOUR}, 0, sum(quantity), sum({{value}})
            FROM came JOIN orders ON orders.id = order_id WHERE status = 'confirmed' GROUP BY 1;
        ELSIF TG_OP = 'DELETE' THEN
            INSERT INTO sales_tallies (hour, orders, copies, revenue)
            SELECT {HOUR}, 0, -sum(quantity), -sum({{value}})
            FROM gone JOIN orders ON orders.id = order_id WHERE status = 'confirmed' GROUP BY 1;
        ELSE
            INSERT INTO sales_tallies (hour, orders, copies, revenue)
            SELECT {HOUR}, 0, sum(sign * quantity), sum(sign * {{value}})
            FROM (SELECT *, -1 AS sign FROM gone UNION ALL SELECT *, 1 FROM came) AS changed
            JOIN orders ON orders.id = order_id
            WHERE status = 'confirmed' GROUP BY 1
            HAVING sum(sign * quantity) <> 0 OR sum(sign * {{value}}) <> 0;
        END IF;
        RETURN NULL;
    END $$
"""
# Totals that were those of the lines stay so. Where an order comes with its totals, which is how the shop writes it,
# they are those of the lines already, and one look is all that this costs. Totals that were wrong before stay wrong:
# `bookstore verify` tells of them. The rows of the orders are locked before the lines are added up, so that of two who
# write lines of one order the later sees what the earlier did.
MOVED = """
    SELECT array_agg(order_id ORDER BY order_id), array_agg(change ORDER BY order_id) INTO ids, changes
    FROM (
        SELECT order_id, sum(change) AS change FROM ({changes}) AS changed GROUP BY order_id HAVING sum(change) <> 0
    ) AS moved
    WHERE (SELECT items_total FROM orders WHERE id = order_id) <> {of_lines}
"""
OF_LINES = "(SELECT coalesce(sum(line_total), 0) FROM order_items WHERE order_items.order_id = {order_id})"
CAME = "SELECT order_id, line_total AS change FROM came"
GONE = "SELECT order_id, -line_total AS change FROM gone"


def _moved(changes: str) -> str:
    return MOVED.format(changes=changes, of_lines=OF_LINES.format(order_id="moved.order_id"))


KEEP_TOTALS = f"""
    CREATE FUNCTION bookstore_keep_order_totals() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        ids integer[];
        changes numeric[];
    BEGIN
        IF TG_OP = 'INSERT' THEN
            {_moved(CAME)};
        ELSIF TG_OP = 'DELETE' THEN
            {_moved(GONE)};
        ELSE
            {_moved(f"{CAME} UNION ALL {GONE}")};
        END IF;
        IF ids IS NOT NULL THEN
            PERFORM FROM orders WHERE id = ANY (ids) ORDER BY id FOR NO KEY UPDATE;
            UPDATE orders SET items_total = items_total + change, grand_total = grand_total + change
            FROM unnest(ids, changes) AS moved (order_id, change)
            WHERE orders.id = moved.order_id
              AND items_total + change = {OF_LINES.format(order_id="orders.id")};
        END IF;
        RETURN NULL;
    END $$
"""
SEEING = {
    "INSERT": "NEW TABLE AS came",
    "UPDATE": "OLD TABLE AS gone NEW TABLE AS came",
    "DELETE": "OLD TABLE AS gone",
}


def _tally_by(value: str) -> None:
    for function in (TALLY_ALL_SALES, TALLY_ORDERS, TALLY_LINES):
        op.execute(function.format(value=value))


def upgrade() -> None:
    """Both tables are locked until COMMIT. PostgreSQL writes `order_items` anew for the generated column, which fires
    no trigger; filling the orders changes nothing that their triggers keep, so they are off meanwhile.
    """
    op.execute("""
        ALTER TABLE order_items
            ADD COLUMN line_total numeric NOT NULL GENERATED ALWAYS AS (unit_price * quantity::numeric) STORED
    """)
    op.execute("""
        ALTER TABLE orders
            ADD COLUMN items_total numeric NOT NULL DEFAULT 0,
            ADD COLUMN discount_total numeric NOT NULL DEFAULT 0,
            ADD COLUMN delivery_total numeric NOT NULL DEFAULT 0,
            ADD COLUMN tax_total numeric NOT NULL DEFAULT 0,
            ADD COLUMN grand_total numeric NOT NULL DEFAULT 0,
            ADD CONSTRAINT ck_orders_totals_not_negative CHECK (
                items_total >= 0 AND discount_total >= 0 AND delivery_total >= 0 AND tax_total >= 0
                AND grand_total >= 0
            ),
            ADD CONSTRAINT ck_orders_totals_add_up CHECK (
                grand_total IN (items_total - discount_total + delivery_total,
                                items_total - discount_total + delivery_total + tax_total)
            )
    """)
    op.execute("ALTER TABLE orders DISABLE TRIGGER USER")
    op.execute("""
        UPDATE orders SET items_total = lines.total, grand_total = lines.total
        FROM (SELECT order_id, sum(line_total) AS total FROM order_items GROUP BY order_id) AS lines
        WHERE lines.order_id = orders.id AND lines.total <> 0
    """)
    op.execute("ALTER TABLE orders ENABLE TRIGGER USER")
    _tally_by("line_total")
    op.execute(KEEP_TOTALS)
    for event, seeing in SEEING.items():
        op.execute(f"""
            CREATE TRIGGER order_items_keep_totals_{event.lower()} AFTER {event} ON order_items
            REFERENCING {seeing} FOR EACH STATEMENT EXECUTE FUNCTION bookstore_keep_order_totals()
        """)


def downgrade() -> None:
    for event in SEEING:
        op.execute(f"DROP TRIGGER order_items_keep_totals_{event.lower()} ON order_items")
    op.execute("DROP FUNCTION bookstore_keep_order_totals()")
    _tally_by("quantity * unit_price")
    op.execute("""
        ALTER TABLE orders
            DROP COLUMN items_total, DROP COLUMN discount_total, DROP COLUMN delivery_total, DROP COLUMN tax_total,
            DROP COLUMN grand_total
    """)
    op.execute("ALTER TABLE order_items DROP COLUMN line_total")
