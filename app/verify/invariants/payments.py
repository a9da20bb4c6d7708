"""Laws of charges and refunds, and of the life of orders."""

from app.verify.invariant import Invariant
from app.verify.invariants.orders import SOLD

_LIVE = "outcome = 'approved' AND voided_at IS NULL"

PAYMENT_LAWS = (
    # Orders from before charges were on record name no payment.
    Invariant(
        "orders_are_paid_for_once",
        "Every order that names a payment has one charge that stands, of its total and in its currency.",
        f"""
        SELECT orders.id AS order_id, grand_total::text, coalesce(charges, 0) AS charges, charged::text
        FROM orders
        LEFT JOIN (
            SELECT order_id, count(*) AS charges, sum(amount) AS charged, min(currency) AS currency
            FROM payment_attempts WHERE {_LIVE} GROUP BY order_id
        ) paid ON paid.order_id = orders.id
        WHERE {SOLD} AND (
            charges <> 1 OR charged <> grand_total OR paid.currency <> orders.currency
            OR (charges IS NULL AND payment_reference IS NOT NULL)
        )
        """,
    ),
    # Where the account is gone, its orders went with it.
    Invariant(
        "charges_have_orders",
        "No charge stands without the order that it paid for.",
        f"""
        SELECT id AS attempt_id, user_id, amount::text FROM payment_attempts
        WHERE {_LIVE} AND order_id IS NULL AND user_id IS NOT NULL
        """,
    ),
    Invariant(
        "cart_turns_end_in_one_order",
        "No filling of a basket was paid for twice, and each that was paid for is over.",
        f"""
        SELECT cart_id, attempt.checkout_number, count(*) AS charges, carts.checkout_number AS present_number
        FROM payment_attempts attempt LEFT JOIN carts ON carts.id = cart_id
        WHERE {_LIVE} AND cart_id IS NOT NULL
        GROUP BY cart_id, attempt.checkout_number, carts.checkout_number
        HAVING count(*) > 1 OR attempt.checkout_number >= carts.checkout_number
        """,
    ),
    Invariant(
        "refunds_within_charges",
        "No refund is above its charge, or of a charge that does not stand.",
        f"""
        SELECT payment_refunds.id AS refund_id, attempt_id, payment_refunds.amount::text,
               payment_attempts.amount::text AS charged
        FROM payment_refunds LEFT JOIN payment_attempts ON payment_attempts.id = attempt_id
        WHERE ({_LIVE}) IS NOT TRUE OR payment_refunds.amount > payment_attempts.amount
        """,
    ),
    Invariant(
        "cancelled_orders_are_refunded",
        "A cancelled order gave its whole charge back, any other nothing.",
        f"""
        SELECT orders.id AS order_id, status::text, payment_attempts.amount::text AS charged,
               coalesce(sum(payment_refunds.amount), 0)::text AS refunded
        FROM orders
        JOIN payment_attempts ON payment_attempts.order_id = orders.id AND {_LIVE}
        LEFT JOIN payment_refunds ON attempt_id = payment_attempts.id
        GROUP BY orders.id, payment_attempts.id
        HAVING CASE status WHEN 'cancelled' THEN coalesce(sum(payment_refunds.amount), 0) < payment_attempts.amount
                           ELSE count(payment_refunds.id) > 0 END
        """,
    ),
    # Copies of a book that was removed before cannot go back, so only books that are still sold are judged.
    Invariant(
        "cancelled_orders_are_restocked",
        "Every line of a cancelled order went back to stock, and nothing else did.",
        """
        SELECT order_id, book_id, quantity, sum(line) AS lines, sum(returned) AS times_returned
        FROM (
            SELECT order_id, book_id, quantity, 1 AS line, 0 AS returned
            FROM order_items JOIN orders ON orders.id = order_items.order_id
            WHERE status = 'cancelled' AND book_id IS NOT NULL
            UNION ALL
            SELECT order_id, book_id, delta, 0, 1 FROM stock_movements
            WHERE kind = 'cancellation' AND order_id IS NOT NULL AND book_id IS NOT NULL
        ) sides
        GROUP BY order_id, book_id, quantity HAVING sum(line) <> sum(returned)
        """,
    ),
    Invariant(
        "events_tell_the_status",
        "Every order has events, and the last of them is its status.",
        """
        SELECT orders.id AS order_id, orders.status::text, last.status::text AS last_event
        FROM orders
        LEFT JOIN (
            SELECT DISTINCT ON (order_id) order_id, status FROM order_events ORDER BY order_id, id DESC
        ) last ON last.order_id = orders.id
        WHERE last.status IS DISTINCT FROM orders.status
        """,
    ),
)
