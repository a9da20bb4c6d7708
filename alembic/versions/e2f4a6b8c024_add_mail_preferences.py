"""Which mails a user wants."""

revision = "e2f4a6b8c024"
down_revision = "d0e2f4a6b822"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
