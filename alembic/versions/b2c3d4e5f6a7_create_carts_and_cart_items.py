"""Carts and their lines."""

from alembic import op

revision = "b2c3d4e5f6a7"
down_revision = "e4f6b8c0d204"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE carts (
            id serial CONSTRAINT pk_carts PRIMARY KEY,
            user_id integer NOT NULL CONSTRAINT uq_carts_user_id UNIQUE
                CONSTRAINT fk_carts_user_id_users REFERENCES users (id) ON DELETE CASCADE,
            created_at timestamptz NOT NULL DEFAULT now()
        )
    """)
    op.execute("""
        CREATE TABLE cart_items (
            id serial CONSTRAINT pk_cart_items PRIMARY KEY,
            cart_id integer NOT NULL CONSTRAINT fk_cart_items_cart_id_carts REFERENCES carts (id) ON DELETE CASCADE,
            book_id integer NOT NULL CONSTRAINT fk_cart_items_book_id_books REFERENCES books (id) ON DELETE CASCADE,
            quantity integer NOT NULL DEFAULT 1 CONSTRAINT ck_cart_items_quantity_positive CHECK (quantity >= 1),
            added_at timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT uq_cart_items_cart_id_book_id UNIQUE (cart_id, book_id)
        )
    """)
    op.execute("CREATE INDEX ix_cart_items_book_id ON cart_items (book_id)")


def downgrade() -> None:
    op.execute("DROP TABLE cart_items")
    op.execute("DROP TABLE carts")
