"""Laws of the audit trail. A row and its action are of one transaction, so they bear the same moment.

So do its security events; what repeats itself within a minute is one event, from its first moment to its last.
"""

from app.verify.invariant import Invariant

AUDIT_LAWS = (
    Invariant(
        "staff_actions_are_on_record",
        "Every change of stock and every cancellation by staff stands in the audit trail.",
        """
        SELECT movement.id AS movement_id, NULL::integer AS order_id, actor_user_id
        FROM stock_movements movement
        WHERE kind IN ('set', 'adjustment', 'restock') AND actor_user_id IS NOT NULL AND NOT EXISTS (
            SELECT FROM audit_events noted
            WHERE noted.actor_user_id = movement.actor_user_id AND noted.created_at = movement.created_at
              AND noted.action IN ('book.stock_set', 'book.stock_adjusted')
              AND (movement.book_id IS NULL OR noted.subject_id = movement.book_id)
        )
        UNION ALL
        SELECT NULL, orders.id, event.actor_user_id
        FROM order_events event JOIN orders ON orders.id = event.order_id
        WHERE event.status = 'cancelled' AND event.actor_user_id <> orders.user_id AND NOT EXISTS (
            SELECT FROM audit_events noted
            WHERE noted.subject = 'order' AND noted.subject_id = orders.id AND noted.action = 'order.cancelled'
        )
        """,
    ),
    Invariant(
        "account_changes_are_security_events",
        "Every change of an account in the audit trail has its security event, as far as these go back.",
        """
        SELECT change.id AS audit_event_id, users.id AS user_id
        FROM audit_events change JOIN users ON users.id = change.subject_id
        WHERE change.action IN ('user.created', 'user.made_admin', 'user.promoted', 'user.demoted',
                                'user.deactivated', 'user.reactivated')
              AND change.created_at > (SELECT min(created_at) + interval '5 minutes' FROM security_events)
              AND NOT EXISTS (
            SELECT FROM security_events event
            WHERE event.user_id = users.id AND event.kind = 'account_' || split_part(change.action, '.', 2)
              AND change.created_at BETWEEN event.created_at AND event.last_at
        )
        """,
    ),
)
