"""Wishlists."""

from alembic import op

revision = "f1a7c3e5b907"
down_revision = "d4e5f6a7b8c9"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE wishlist_items (
            id serial CONSTRAINT pk_wishlist_items PRIMARY KEY,
            user_id integer NOT NULL CONSTRAINT fk_wishlist_items_user_id_users REFERENCES users (id) ON DELETE CASCADE,
            book_id integer NOT NULL CONSTRAINT fk_wishlist_items_book_id_books REFERENCES books (id) ON DELETE CASCADE,
            added_at timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT uq_wishlist_items_user_id_book_id UNIQUE (user_id, book_id)
        )
    """)
    op.execute("CREATE INDEX ix_wishlist_items_book_id ON wishlist_items (book_id)")


def downgrade() -> None:
    op.execute("DROP TABLE wishlist_items")
