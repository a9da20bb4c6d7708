"""Laws of the outbox."""

from app.verify.invariant import Invariant
from app.verify.invariants.orders import SOLD

# Mails are purged 30 days after they were sent.
_TOLD_ONCE = """
    SELECT told.id AS order_id, count(mails.id) AS mails
    FROM ({orders}) AS told
    LEFT JOIN email_outbox AS mails ON mails.order_id = told.id AND mails.kind = '{kind}'
    GROUP BY told.id, told.since
    HAVING count(mails.id) > 1 OR (count(mails.id) = 0 AND told.since > now() - interval '30 days')
"""

MAIL_LAWS = (
    Invariant(
        "orders_are_confirmed_once",
        "Every order has one confirmation mail; none only when it is 30 days old and the mail may be purged.",
        _TOLD_ONCE.format(
            kind="order_confirmation", orders=f"SELECT id, created_at AS since FROM orders WHERE {SOLD}"
        ),
    ),
    Invariant(
        "cancellations_are_told_once",
        "Every cancelled order has one mail that says so; none only 30 days later, when the mail may be purged.",
        _TOLD_ONCE.format(
            kind="order_cancelled",
            orders="""
                SELECT orders.id, max(events.created_at) AS since
                FROM orders JOIN order_events AS events ON events.order_id = orders.id AND events.status = 'cancelled'
                WHERE orders.status = 'cancelled' GROUP BY orders.id
            """,
        ),
    ),
    Invariant(
        "mails_tell_of_orders",
        "Every confirmation or cancellation mail goes to the buyer of the order that it tells of.",
        """
        SELECT mails.id AS mail_id, mails.order_id
        FROM email_outbox AS mails
        LEFT JOIN orders ON orders.id = mails.order_id
        LEFT JOIN users ON users.id = orders.user_id
        WHERE mails.kind IN ('order_confirmation', 'order_cancelled')
              AND (orders.id IS NULL
                   OR lower(mails.recipient) NOT IN (lower(coalesce(orders.email, '')),
                                                     lower(coalesce(users.email, '')))
                   OR (mails.kind = 'order_cancelled' AND orders.status <> 'cancelled'))
        """,
    ),
)
