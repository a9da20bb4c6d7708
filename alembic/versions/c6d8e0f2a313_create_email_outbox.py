"""The outbox of mails."""

from alembic import op

revision = "c6d8e0f2a313"
down_revision = "b4c6d8e0f212"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE email_outbox (
            id bigserial CONSTRAINT pk_email_outbox PRIMARY KEY,
            message_id varchar(255) NOT NULL CONSTRAINT uq_email_outbox_message_id UNIQUE,
            kind varchar(40) NOT NULL,
            recipient varchar(998) NOT NULL,
            subject varchar(998) NOT NULL,
            html text NOT NULL,
            text text NOT NULL,
            status varchar(12) NOT NULL DEFAULT 'pending'
                CONSTRAINT ck_email_outbox_status CHECK (status IN ('pending', 'sent', 'dead', 'suppressed')),
            attempts integer NOT NULL DEFAULT 0,
            next_attempt_at timestamptz NOT NULL DEFAULT now(),
            locked_until timestamptz,
            last_error varchar(500),
            created_at timestamptz NOT NULL DEFAULT now(),
            sent_at timestamptz
        )
    """)
    op.execute(
        "CREATE INDEX ix_email_outbox_next_attempt_at_pending ON email_outbox (next_attempt_at) WHERE status = 'pending'"
    )


def downgrade() -> None:
    op.execute("DROP TABLE email_outbox")
