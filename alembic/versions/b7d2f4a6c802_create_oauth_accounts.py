"""Sign-in identities; an account may have no password."""

from alembic import op

revision = "b7d2f4a6c802"
down_revision = "a1c0e5d7f901"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE oauth_accounts (
            id serial CONSTRAINT pk_oauth_accounts PRIMARY KEY,
            user_id integer NOT NULL CONSTRAINT fk_oauth_accounts_user_id_users REFERENCES users (id) ON DELETE CASCADE,
            oauth_provider varchar(50) NOT NULL,
            oauth_account_id varchar(255) NOT NULL,
            created_at timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT uq_oauth_accounts_oauth_provider_oauth_account_id UNIQUE (oauth_provider, oauth_account_id)
        )
    """)
    op.execute("CREATE INDEX ix_oauth_accounts_user_id ON oauth_accounts (user_id)")
    op.execute("ALTER TABLE users ALTER COLUMN hashed_password DROP NOT NULL")


def downgrade() -> None:
    op.execute("DROP TABLE oauth_accounts")
    op.execute("""
        -- An account without a password cannot be kept by the older schema: it gets one that no input matches.
        UPDATE users SET hashed_password = '!' WHERE hashed_password IS NULL
    """)
    op.execute("ALTER TABLE users ALTER COLUMN hashed_password SET NOT NULL")
