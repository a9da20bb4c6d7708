"""Networks and browsers where accounts signed in."""

from alembic import op

revision = "a8c0d2e4f638"
down_revision = "f6a8b0c2d436"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE sign_in_places (
            user_id integer NOT NULL
                CONSTRAINT fk_sign_in_places_user_id_users REFERENCES users (id) ON DELETE CASCADE,
            digest char(64) NOT NULL,
            kind varchar(10) NOT NULL CONSTRAINT ck_sign_in_places_kind CHECK (kind IN ('network', 'browser')),
            last_used_at timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT pk_sign_in_places PRIMARY KEY (user_id, digest)
        )
    """)
    op.execute("CREATE INDEX ix_sign_in_places_last_used_at ON sign_in_places (last_used_at)")


def downgrade() -> None:
    op.execute("DROP TABLE sign_in_places")
