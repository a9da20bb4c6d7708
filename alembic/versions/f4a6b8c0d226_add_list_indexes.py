"""Indexes for the lists of a large shop."""

revision = "f4a6b8c0d226"
down_revision = "e2f4a6b8c024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
