"""Users and their refresh tokens."""

from alembic import op

revision = "a1c0e5d7f901"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE TYPE userrole AS ENUM ('USER', 'ADMIN')")
    op.execute("""
        CREATE TABLE users (
            id serial CONSTRAINT pk_users PRIMARY KEY,
            email varchar(255) NOT NULL,
            hashed_password varchar(255) NOT NULL,
            role userrole NOT NULL DEFAULT 'USER',
            is_active boolean NOT NULL DEFAULT true,
            created_at timestamptz NOT NULL DEFAULT now()
        )
    """)
    op.execute("CREATE UNIQUE INDEX uq_users_email_lower ON users (lower(email))")
    op.execute("CREATE INDEX ix_users_created_at_id ON users (created_at, id)")
    op.execute("""
        CREATE TABLE refresh_tokens (
            id serial CONSTRAINT pk_refresh_tokens PRIMARY KEY,
            token_hash char(64) NOT NULL CONSTRAINT uq_refresh_tokens_token_hash UNIQUE,
            token_family uuid NOT NULL,
            user_id integer NOT NULL CONSTRAINT fk_refresh_tokens_user_id_users REFERENCES users (id) ON DELETE CASCADE,
            expires_at timestamptz NOT NULL,
            session_expires_at timestamptz NOT NULL,
            revoked_at timestamptz,
            created_at timestamptz NOT NULL DEFAULT now()
        )
    """)
    op.execute("CREATE INDEX ix_refresh_tokens_token_family ON refresh_tokens (token_family)")
    op.execute("CREATE INDEX ix_refresh_tokens_user_id ON refresh_tokens (user_id)")
    op.execute("CREATE INDEX ix_refresh_tokens_expires_at ON refresh_tokens (expires_at)")


def downgrade() -> None:
    op.execute("DROP TABLE refresh_tokens")
    op.execute("DROP TABLE users")
    op.execute("DROP TYPE userrole")
