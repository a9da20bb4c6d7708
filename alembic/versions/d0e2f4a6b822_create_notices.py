"""The notices that a user finds in the shop; indexes for the lists of wishes, pre-bookings and notices."""

from alembic import op

revision = "d0e2f4a6b822"
down_revision = "c8d0e2f4a620"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE notices (
            id serial CONSTRAINT pk_notices PRIMARY KEY,
            user_id integer NOT NULL CONSTRAINT fk_notices_user_id_users REFERENCES users (id) ON DELETE CASCADE,
            kind varchar(40) NOT NULL,
            title varchar(600) NOT NULL,
            body text NOT NULL,
            path varchar(255) NOT NULL,
            created_at timestamptz NOT NULL DEFAULT now(),
            read_at timestamptz
        )
    """)
    op.execute("CREATE INDEX ix_notices_user_id_id ON notices (user_id, id)")
    op.execute("CREATE INDEX ix_notices_user_id_id_unread ON notices (user_id, id) WHERE read_at IS NULL")
    op.execute("CREATE INDEX ix_notices_read_at ON notices (read_at) WHERE read_at IS NOT NULL")
    op.execute("CREATE INDEX ix_wishlist_items_user_id_added_at_id ON wishlist_items (user_id, added_at, id)")
    op.execute("CREATE INDEX ix_pre_bookings_user_id_created_at_id ON pre_bookings (user_id, created_at, id)")
    op.execute("CREATE INDEX ix_pre_bookings_book_id_waiting ON pre_bookings (book_id) WHERE status = 'waiting'")


def downgrade() -> None:
    op.execute("DROP INDEX ix_pre_bookings_book_id_waiting")
    op.execute("DROP INDEX ix_pre_bookings_user_id_created_at_id")
    op.execute("DROP INDEX ix_wishlist_items_user_id_added_at_id")
    op.execute("DROP TABLE notices")
