"""Address books."""

from alembic import op

revision = "e4f6a8b0c272"
down_revision = "a6b8c0d2e484"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE addresses (
            id serial CONSTRAINT pk_addresses PRIMARY KEY,
            user_id integer NOT NULL CONSTRAINT fk_addresses_user_id_users REFERENCES users (id) ON DELETE CASCADE,
            label varchar(50),
            address jsonb NOT NULL,
            is_default boolean NOT NULL DEFAULT false,
            version integer NOT NULL DEFAULT 1,
            created_at timestamptz NOT NULL DEFAULT now(),
            updated_at timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT ck_addresses_address_has_country CHECK (jsonb_typeof(address -> 'country') IS NOT DISTINCT FROM 'string')
        )
    """)
    op.execute("CREATE INDEX ix_addresses_user_id ON addresses (user_id)")
    op.execute("CREATE UNIQUE INDEX uq_addresses_default ON addresses (user_id) WHERE is_default")


def downgrade() -> None:
    op.execute("DROP TABLE addresses")
