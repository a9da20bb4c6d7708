"""Laws of orders, of the sales that they are in the ledger, and of the answers kept under an Idempotency-Key."""

from app.verify.invariant import Invariant

SOLD = "orders.status <> 'payment_failed'"
"""Orders that took stock, whatever became of them since."""

# Read from the escaped bytes, which never fails, not even where the body is damaged. A quotation mark inside a text
# of the body has a backslash before it, so no title can pass for the total. Materialized, or each use would read the
# body anew.
_KEPT_ORDERS = r"""
    WITH kept AS MATERIALIZED (
        SELECT user_id, key,
               substring(encode(substr(response_body, 1, 20), 'escape') FROM '^\{"id":(\d{1,10}),')::bigint
               AS order_id,
               substring(split_part(encode(response_body, 'escape'), '"total_price":"', 2)
                         FROM '^(\d{1,20}\.\d{2,3})"')::numeric AS total
        FROM idempotency_keys WHERE response_status = 201
    )
"""

ORDER_LAWS = (
    Invariant(
        "orders_have_lines",
        "Every order has a line.",
        """
        SELECT id AS order_id, user_id FROM orders
        WHERE NOT EXISTS (SELECT FROM order_items WHERE order_items.order_id = orders.id)
        """,
    ),
    Invariant(
        "orders_add_up",
        "The items of every order are its lines, and its grand total is items less discount, with delivery and tax.",
        """
        SELECT orders.id AS order_id, items_total::text, coalesce(total, 0)::text AS total_of_lines, grand_total::text
        FROM orders
        LEFT JOIN (
            SELECT order_id, sum(line_total) AS total FROM order_items GROUP BY order_id
        ) lines ON order_id = orders.id
        WHERE items_total <> coalesce(total, 0)
           OR grand_total <> items_total - discount_total + delivery_total
                             + CASE WHEN tax_mode = 'added' THEN tax_total ELSE 0 END
        """,
    ),
    Invariant(
        "parts_of_orders_add_up",
        "The discounts of lines are the order's; what is taxed is what is sold and delivered, and comes to its tax.",
        """
        SELECT orders.id AS order_id, discount_total::text, coalesce(lines.discount, 0)::text AS discount_of_lines,
               tax_total::text, coalesce(rates.tax, 0)::text AS tax_of_rates,
               coalesce(lines.tax, 0)::text AS tax_of_lines
        FROM orders
        LEFT JOIN (
            SELECT order_id, sum(discount) AS discount, sum(tax) AS tax FROM order_items GROUP BY order_id
        ) lines ON order_id = orders.id
        LEFT JOIN LATERAL (
            SELECT sum(one.tax) AS tax, sum(one.goods) AS goods, sum(one.delivery) AS delivery
            FROM jsonb_to_recordset(orders.taxes) AS one (goods numeric, delivery numeric, tax numeric)
        ) rates ON true
        WHERE discount_total <> coalesce(lines.discount, 0)
           OR tax_total <> coalesce(rates.tax, 0)
           OR coalesce(lines.tax, 0) > tax_total
           OR taxes <> '[]' AND (rates.goods <> items_total - discount_total OR rates.delivery <> delivery_total)
        """,
    ),
    Invariant(
        "orders_say_who_buys",
        "Every order says where its mails go, or belongs to an account.",
        "SELECT id AS order_id FROM orders WHERE user_id IS NULL AND email IS NULL",
    ),
    Invariant(
        "parcels_have_an_address",
        "An order that is sent has an address, and one that is collected has none.",
        """
        SELECT id AS order_id, delivery_kind FROM orders
        WHERE delivery_kind = 'ship' AND ship_to IS NULL OR delivery_kind = 'collect' AND ship_to IS NOT NULL
        """,
    ),
    Invariant(
        "sales_are_tallied",
        "The counters of an hour add up to its confirmed orders.",
        """
        SELECT hour::text, sum(orders) AS orders, sum(copies)::bigint AS copies, sum(revenue)::text AS revenue
        FROM (
            SELECT hour, orders, copies, revenue FROM sales_counters
            UNION ALL
            SELECT date_trunc('hour', created_at, 'UTC'), -1, 0, 0 FROM orders WHERE status = 'confirmed'
            UNION ALL
            SELECT date_trunc('hour', created_at, 'UTC'), 0, -quantity, -line_total
            FROM orders JOIN order_items ON order_id = orders.id WHERE status = 'confirmed'
        ) both_ways
        GROUP BY both_ways.hour HAVING sum(orders) <> 0 OR sum(copies) <> 0 OR sum(revenue) <> 0
        """,
    ),
    Invariant(
        "lines_are_positive",
        "Every line of an order is for a copy at least, at a price that is not negative.",
        """
        SELECT order_id, id AS item_id, quantity, unit_price::text FROM order_items
        WHERE quantity < 1 OR unit_price < 0
        """,
    ),
    # Where the book is gone, lines and sales find one another by the title that both noted in one transaction. A
    # sale whose order went with its buyer's account has lost its line for good.
    Invariant(
        "lines_match_sales",
        "Every line of an order has its sale in the ledger, of that quantity, and every sale its line.",
        f"""
        SELECT order_id, book_id, title, quantity, sum(line) AS lines, sum(sale) AS sales
        FROM (
            SELECT order_id, book_id, CASE WHEN book_id IS NULL THEN title END AS title,
                   quantity::bigint, 1 AS line, 0 AS sale
            FROM order_items JOIN orders ON orders.id = order_items.order_id
            WHERE {SOLD}
            UNION ALL
            SELECT order_id, book_id, CASE WHEN book_id IS NULL THEN book_title END, -delta::bigint, 0, 1
            FROM stock_movements WHERE kind = 'sale' AND order_id IS NOT NULL
        ) sides
        GROUP BY order_id, book_id, title, quantity HAVING sum(line) <> sum(sale)
        """,
    ),
    Invariant(
        "one_sale_per_order_and_book",
        "No order took the same book out of stock twice.",
        """
        SELECT order_id, book_id, count(*) AS sales
        FROM stock_movements WHERE kind = 'sale' AND order_id IS NOT NULL AND book_id IS NOT NULL
        GROUP BY order_id, book_id HAVING count(*) > 1
        """,
    ),
    Invariant(
        "kept_answers_are_final",
        "Every answer kept under a key is a 201 or a refusal that retries must meet again (409, 422).",
        """
        SELECT user_id, key, response_status FROM idempotency_keys
        WHERE response_status NOT IN (201, 409, 422) OR response_body = ''
        """,
    ),
    Invariant(
        "kept_answers_are_true",
        "Every 201 kept under a key names an order, of the same user where the key has one, and its total.",
        f"""
        {_KEPT_ORDERS}
        SELECT kept.user_id, key, kept.order_id, total::text AS total_in_answer, items_total::text
        FROM kept
        LEFT JOIN orders ON orders.id = kept.order_id AND (kept.user_id IS NULL OR orders.user_id = kept.user_id)
        WHERE orders.id IS NULL OR total IS DISTINCT FROM items_total
        """,
    ),
    Invariant(
        "one_key_per_order",
        "No two keys name the same order.",
        f"""
        {_KEPT_ORDERS}
        SELECT order_id, count(*) AS keys FROM kept
        WHERE order_id IS NOT NULL GROUP BY order_id HAVING count(*) > 1
        """,
    ),
)
