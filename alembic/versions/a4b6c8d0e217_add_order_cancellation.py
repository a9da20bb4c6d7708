"""Orders can be cancelled; every step of an order's life is an event."""

from alembic import op

revision = "a4b6c8d0e217"
down_revision = "f2a4b6c8d016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TYPE orderstatus ADD VALUE 'cancelled'")
    op.execute("""
        CREATE TABLE order_events (
            id bigserial CONSTRAINT pk_order_events PRIMARY KEY,
            order_id integer NOT NULL CONSTRAINT fk_order_events_order_id_orders REFERENCES orders (id) ON DELETE CASCADE,
            status orderstatus NOT NULL,
            reason varchar(200),
            actor_user_id integer
                CONSTRAINT fk_order_events_actor_user_id_users REFERENCES users (id) ON DELETE SET NULL,
            created_at timestamptz NOT NULL DEFAULT now()
        )
    """)
    op.execute("CREATE INDEX ix_order_events_order_id_id ON order_events (order_id, id)")
    op.execute("CREATE INDEX ix_order_events_actor_user_id ON order_events (actor_user_id)")
    op.execute("""
        INSERT INTO order_events (order_id, status, actor_user_id, created_at)
        SELECT id, status, user_id, created_at FROM orders ORDER BY id
    """)
    op.execute("""
        CREATE UNIQUE INDEX uq_stock_movements_order_id_book_id_cancellation ON stock_movements (order_id, book_id)
        WHERE kind = 'cancellation'
    """)


def downgrade() -> None:
    op.execute("DROP INDEX uq_stock_movements_order_id_book_id_cancellation")
    op.execute("DROP TABLE order_events")
    # The older schema has no word for a cancelled order; `payment_failed` counts as no sale there either.
    op.execute("ALTER TABLE orders ALTER COLUMN status DROP DEFAULT")
    op.execute("ALTER TYPE orderstatus RENAME TO orderstatus_with_cancelled")
    op.execute("CREATE TYPE orderstatus AS ENUM ('confirmed', 'payment_failed')")
    op.execute("""
        ALTER TABLE orders ALTER COLUMN status TYPE orderstatus
        USING replace(status::text, 'cancelled', 'payment_failed')::orderstatus
    """)
    op.execute("ALTER TABLE orders ALTER COLUMN status SET DEFAULT 'confirmed'")
    op.execute("DROP TYPE orderstatus_with_cancelled")
