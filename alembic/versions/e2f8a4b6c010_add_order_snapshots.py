"""Orders keep currency, payment reference and what was bought; list indexes."""

from alembic import op

revision = "e2f8a4b6c010"
down_revision = "c5d9e1f3a709"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        ALTER TABLE orders
            ADD COLUMN currency char(3) NOT NULL DEFAULT 'USD',
            ADD COLUMN payment_reference varchar(64)
    """)
    op.execute("""
        ALTER TABLE order_items
            ADD COLUMN title varchar(500),
            ADD COLUMN author varchar(255),
            ADD COLUMN isbn varchar(17)
    """)
    op.execute("""
        UPDATE order_items SET title = books.title, author = books.author, isbn = books.isbn
        FROM books WHERE books.id = order_items.book_id
    """)
    op.execute("""
        ALTER TABLE order_items
            ADD CONSTRAINT ck_order_items_quantity_positive CHECK (quantity >= 1),
            ADD CONSTRAINT ck_order_items_unit_price_not_negative CHECK (unit_price >= 0)
    """)
    op.execute("CREATE INDEX ix_orders_user_id_created_at_id ON orders (user_id, created_at, id)")
    op.execute("CREATE INDEX ix_orders_created_at_id ON orders (created_at, id)")
    op.execute("CREATE INDEX ix_orders_status_created_at ON orders (status, created_at)")


def downgrade() -> None:
    op.execute("DROP INDEX ix_orders_status_created_at")
    op.execute("DROP INDEX ix_orders_created_at_id")
    op.execute("DROP INDEX ix_orders_user_id_created_at_id")
    op.execute("""
        ALTER TABLE order_items
            DROP CONSTRAINT ck_order_items_unit_price_not_negative,
            DROP CONSTRAINT ck_order_items_quantity_positive,
            DROP COLUMN isbn, DROP COLUMN author, DROP COLUMN title
    """)
    op.execute("ALTER TABLE orders DROP COLUMN payment_reference, DROP COLUMN currency")
