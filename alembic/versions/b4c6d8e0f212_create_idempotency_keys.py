"""Answers kept under an Idempotency-Key."""

from alembic import op

revision = "b4c6d8e0f212"
down_revision = "a3b5c7d9e111"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE idempotency_keys (
            user_id integer NOT NULL CONSTRAINT fk_idempotency_keys_user_id_users REFERENCES users (id) ON DELETE CASCADE,
            key varchar(255) NOT NULL,
            request_hash char(64) NOT NULL,
            response_status smallint NOT NULL,
            response_body bytea NOT NULL,
            created_at timestamptz NOT NULL DEFAULT now(),
            expires_at timestamptz NOT NULL,
            CONSTRAINT pk_idempotency_keys PRIMARY KEY (user_id, key)
        )
    """)
    op.execute("CREATE INDEX ix_idempotency_keys_expires_at ON idempotency_keys (expires_at)")


def downgrade() -> None:
    op.execute("DROP TABLE idempotency_keys")
