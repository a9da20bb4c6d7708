"""Pre-bookings."""

from alembic import op

revision = "a8b4d6f2c008"
down_revision = "f1a7c3e5b907"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE TYPE prebookstatus AS ENUM ('waiting', 'notified', 'cancelled')")
    op.execute("""
        CREATE TABLE pre_bookings (
            id serial CONSTRAINT pk_pre_bookings PRIMARY KEY,
            user_id integer NOT NULL CONSTRAINT fk_pre_bookings_user_id_users REFERENCES users (id) ON DELETE CASCADE,
            book_id integer NOT NULL CONSTRAINT fk_pre_bookings_book_id_books REFERENCES books (id) ON DELETE CASCADE,
            status prebookstatus NOT NULL DEFAULT 'waiting',
            created_at timestamptz NOT NULL DEFAULT now(),
            notified_at timestamptz,
            cancelled_at timestamptz
        )
    """)
    op.execute("CREATE INDEX ix_pre_bookings_user_id ON pre_bookings (user_id)")
    op.execute("CREATE INDEX ix_pre_bookings_book_id ON pre_bookings (book_id)")
    op.execute("""
        CREATE UNIQUE INDEX uq_pre_bookings_user_id_book_id_waiting ON pre_bookings (user_id, book_id)
        WHERE status = 'waiting'
    """)


def downgrade() -> None:
    op.execute("DROP TABLE pre_bookings")
    op.execute("DROP TYPE prebookstatus")
