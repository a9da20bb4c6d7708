"""Which mails a user wants, and which order a mail tells of."""

from alembic import op

revision = "e2f4a6b8c024"
down_revision = "d0e2f4a6b822"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE users ADD COLUMN restock_mails boolean NOT NULL DEFAULT true")
    op.execute("""
        ALTER TABLE email_outbox
            ADD COLUMN order_id integer
                CONSTRAINT fk_email_outbox_order_id_orders REFERENCES orders (id) ON DELETE SET NULL,
            ADD COLUMN unsubscribe_url text
    """)
    # The number of the order as the template showed it. Names and titles were escaped there, so none can pass for it.
    op.execute(r"""
        WITH told AS MATERIALIZED (
            SELECT id, recipient,
                   substring(left(split_part(html, 'order <strong>no. ', 2), 20) FROM '^(\d{1,10})</strong>')::bigint
                   AS order_id
            FROM email_outbox WHERE kind = 'order_confirmation'
        )
        UPDATE email_outbox AS mail SET order_id = orders.id
        FROM told JOIN orders ON orders.id = told.order_id
                  JOIN users ON users.id = orders.user_id AND lower(users.email) = lower(told.recipient)
        WHERE mail.id = told.id
    """)
    op.execute("CREATE INDEX ix_email_outbox_order_id ON email_outbox (order_id)")


def downgrade() -> None:
    op.execute("ALTER TABLE email_outbox DROP COLUMN unsubscribe_url, DROP COLUMN order_id")
    op.execute("ALTER TABLE users DROP COLUMN restock_mails")
