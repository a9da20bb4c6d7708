"""Queued mails wake the workers; staff list mails by status."""

from alembic import op

revision = "b6c8d0e2f418"
down_revision = "a4b6c8d0e217"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE INDEX ix_email_outbox_status_id ON email_outbox (status, id)")
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


def downgrade() -> None:
    op.execute("DROP TRIGGER wake_mail_workers ON email_outbox")
    op.execute("DROP FUNCTION bookstore_wake_mail_workers()")
    op.execute("DROP INDEX ix_email_outbox_status_id")
