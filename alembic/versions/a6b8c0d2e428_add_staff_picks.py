"""Books that the staff recommend."""

from alembic import op

revision = "a6b8c0d2e428"
down_revision = "f4a6b8c0d226"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE books ADD COLUMN picked_at timestamptz")
    op.execute("CREATE INDEX ix_books_picked_at_id ON books (picked_at, id) WHERE picked_at IS NOT NULL")


def downgrade() -> None:
    op.execute("ALTER TABLE books DROP COLUMN picked_at")
