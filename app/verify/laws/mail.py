"""Laws of the outbox."""

from app.verify.law import Law
from app.verify.laws.orders import SOLD

# The number of the order as the template shows it. Names and titles are escaped there, so none can pass for it.
# Materialized, or each use would read the mail anew.
_CONFIRMATIONS = r"""
    WITH mails AS MATERIALIZED (
        SELECT id, recipient,
               substring(left(split_part(html, 'order <strong>no. ', 2), 20) FROM '^(\d{1,10})</strong>')::bigint
               AS order_id
        FROM email_outbox WHERE kind = 'order_confirmation'
    )
"""

MAIL_LAWS = (
    Law(
        "orders_are_confirmed_once",
        "Every order has one confirmation mail; none only when it is 30 days old and the mail may be purged.",
        f"""
        {_CONFIRMATIONS}
        SELECT orders.id AS order_id, count(mails.id) AS confirmations
        FROM orders LEFT JOIN mails ON mails.order_id = orders.id
        WHERE {SOLD}
        GROUP BY orders.id
        HAVING count(mails.id) > 1 OR (count(mails.id) = 0 AND orders.created_at > now() - interval '30 days')
        """,
    ),
    # Where the account is gone, its orders went with it.
    Law(
        "confirmations_tell_of_orders",
        "Every confirmation mail tells its recipient of an order that is theirs.",
        f"""
        {_CONFIRMATIONS}
        SELECT mails.id AS mail_id, mails.order_id
        FROM mails
        JOIN users ON lower(users.email) = lower(mails.recipient)
        LEFT JOIN orders ON orders.id = mails.order_id AND orders.user_id = users.id
        WHERE orders.id IS NULL
        """,
    ),
)
