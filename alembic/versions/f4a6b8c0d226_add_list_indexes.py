"""Indexes for the lists of a large shop."""

from alembic import op

revision = "f4a6b8c0d226"
down_revision = "e2f4a6b8c024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE INDEX ix_reviews_created_at_id_live ON reviews (created_at, id) WHERE deleted_at IS NULL")
    op.execute("CREATE INDEX ix_reviews_rating_id_live ON reviews (rating, id) WHERE deleted_at IS NULL")
    op.execute("CREATE INDEX ix_reviews_rating_id_desc_live ON reviews (rating, id DESC) WHERE deleted_at IS NULL")
    op.execute("CREATE INDEX ix_users_role_created_at_id ON users (role, created_at, id)")
    op.execute("CREATE INDEX ix_users_is_active_created_at_id ON users (is_active, created_at, id)")
    op.execute("CREATE INDEX ix_users_email_lower_trgm ON users USING gin (lower(email::text) gin_trgm_ops)")


def downgrade() -> None:
    op.execute("DROP INDEX ix_users_email_lower_trgm")
    op.execute("DROP INDEX ix_users_is_active_created_at_id")
    op.execute("DROP INDEX ix_users_role_created_at_id")
    op.execute("DROP INDEX ix_reviews_rating_id_desc_live")
    op.execute("DROP INDEX ix_reviews_rating_id_live")
    op.execute("DROP INDEX ix_reviews_created_at_id_live")
