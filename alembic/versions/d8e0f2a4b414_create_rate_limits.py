"""Request counters; unlogged, for a crash may forget them."""

from alembic import op

revision = "d8e0f2a4b414"
down_revision = "c6d8e0f2a313"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE UNLOGGED TABLE rate_limits (
            bucket varchar(200) NOT NULL,
            window_start timestamptz NOT NULL,
            hits integer NOT NULL,
            CONSTRAINT pk_rate_limits PRIMARY KEY (bucket, window_start)
        )
    """)
    op.execute("CREATE INDEX ix_rate_limits_window_start ON rate_limits (window_start)")


def downgrade() -> None:
    op.execute("DROP TABLE rate_limits")
