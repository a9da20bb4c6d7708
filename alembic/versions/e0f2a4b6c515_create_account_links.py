"""Mailed links, display names and verified addresses."""

from alembic import op

revision = "e0f2a4b6c515"
down_revision = "d8e0f2a4b414"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        ALTER TABLE users
            ADD COLUMN display_name varchar(50),
            ADD COLUMN email_verified_at timestamptz
    """)
    op.execute("""
        CREATE TABLE account_links (
            id serial CONSTRAINT pk_account_links PRIMARY KEY,
            user_id integer NOT NULL CONSTRAINT fk_account_links_user_id_users REFERENCES users (id) ON DELETE CASCADE,
            purpose varchar(20) NOT NULL
                CONSTRAINT ck_account_links_purpose CHECK (purpose IN ('verify_email', 'reset_password')),
            token_hash char(64) NOT NULL CONSTRAINT uq_account_links_token_hash UNIQUE,
            created_at timestamptz NOT NULL DEFAULT now(),
            expires_at timestamptz NOT NULL,
            used_at timestamptz
        )
    """)
    op.execute("CREATE INDEX ix_account_links_user_id ON account_links (user_id)")


def downgrade() -> None:
    op.execute("DROP TABLE account_links")
    op.execute("ALTER TABLE users DROP COLUMN email_verified_at, DROP COLUMN display_name")
