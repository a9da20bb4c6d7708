"""Jobs that workers lease, imports by page as rows; mails that are queued notify nobody any more."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "a0c2d4f6b850"
down_revision = "e6a8c0d2f446"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A NOTIFY in a transaction of the shop takes a lock of the whole server at its COMMIT."""
    op.execute("DROP TRIGGER wake_mail_workers ON email_outbox")
    op.execute("DROP FUNCTION bookstore_wake_mail_workers()")
    op.create_table(
        "jobs",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("key", sa.String(100)),
        sa.Column("payload", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("status", sa.String(12), server_default="pending", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True)),
        sa.Column("last_error", sa.String(500)),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
        sa.UniqueConstraint("key", name="uq_jobs_key"),
        sa.CheckConstraint("status IN ('pending', 'dead')", name=op.f("ck_jobs_status")),
    )
    op.create_index(
        "ix_jobs_kind_next_attempt_at_pending",
        "jobs",
        ["kind", "next_attempt_at"],
        postgresql_where=sa.text("status = 'pending'"),
    )

    op.create_table(
        "book_imports",
        sa.Column("key", sa.String(32), nullable=False),
        sa.Column("file", sa.String(120), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("stage", sa.String(12), server_default="waiting", nullable=False),
        sa.Column("done", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("choices", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("summary", postgresql.JSONB()),
        sa.Column("message", sa.Text()),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_book_imports"),
        sa.CheckConstraint(
            "stage IN ('waiting', 'checking', 'checked', 'importing', 'imported', 'failed', 'interrupted')",
            name=op.f("ck_book_imports_stage"),
        ),
    )
    op.create_table(
        "book_import_parts",
        sa.Column("import_key", sa.String(32), nullable=False),
        sa.Column("is_rejected", sa.Boolean(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("import_key", "is_rejected", "number", name="pk_book_import_parts"),
        sa.ForeignKeyConstraint(
            ["import_key"],
            ["book_imports.key"],
            name="fk_book_import_parts_import_key_book_imports",
            ondelete="CASCADE",
        ),
    )


def downgrade() -> None:
    op.drop_table("book_import_parts")
    op.drop_table("book_imports")
    op.drop_table("jobs")
    op.execute("""
        CREATE FUNCTION bookstore_wake_mail_workers() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM pg_notify('bookstore_outbox', '');
            RETURN NULL;
        END $$
    """)
    op.execute("""
        CREATE TRIGGER wake_mail_workers AFTER INSERT ON email_outbox
        FOR EACH STATEMENT EXECUTE FUNCTION bookstore_wake_mail_workers()
    """)
