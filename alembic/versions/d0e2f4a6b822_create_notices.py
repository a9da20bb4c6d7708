"""The notices that a user finds in the shop."""

revision = "d0e2f4a6b822"
down_revision = "c8d0e2f4a620"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
