"""Orders and their lines."""

from alembic import op

revision = "d4e5f6a7b8c9"
down_revision = "b2c3d4e5f6a7"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE TYPE orderstatus AS ENUM ('confirmed', 'payment_failed')")
    op.execute("""
        CREATE TABLE orders (
            id serial CONSTRAINT pk_orders PRIMARY KEY,
            user_id integer NOT NULL CONSTRAINT fk_orders_user_id_users REFERENCES users (id) ON DELETE CASCADE,
            status orderstatus NOT NULL DEFAULT 'confirmed',
            created_at timestamptz NOT NULL DEFAULT now()
        )
    """)
    op.execute("CREATE INDEX ix_orders_user_id ON orders (user_id)")
    op.execute("""
        CREATE TABLE order_items (
            id serial CONSTRAINT pk_order_items PRIMARY KEY,
            order_id integer NOT NULL CONSTRAINT fk_order_items_order_id_orders REFERENCES orders (id) ON DELETE CASCADE,
            book_id integer CONSTRAINT fk_order_items_book_id_books REFERENCES books (id) ON DELETE SET NULL,
            quantity integer NOT NULL,
            unit_price numeric(10, 2) NOT NULL
        )
    """)
    op.execute("CREATE INDEX ix_order_items_order_id ON order_items (order_id)")
    op.execute("CREATE INDEX ix_order_items_book_id ON order_items (book_id)")


def downgrade() -> None:
    op.execute("DROP TABLE order_items")
    op.execute("DROP TABLE orders")
    op.execute("DROP TYPE orderstatus")
