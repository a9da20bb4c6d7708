"""The shop's own settings, and what they were before."""

from alembic import op

revision = "a6b8c0d2e484"
down_revision = "c8d0e2f4a696"
branch_labels = None
depends_on = None

KNOWN = "CHECK (section IN ('identity', 'contact', 'selling'))"


def upgrade() -> None:
    op.execute(f"""
        CREATE TABLE shop_settings (
            section varchar(20) NOT NULL CONSTRAINT pk_shop_settings PRIMARY KEY
                CONSTRAINT ck_shop_settings_section_known {KNOWN},
            version integer NOT NULL CONSTRAINT ck_shop_settings_version CHECK (version >= 1),
            values jsonb NOT NULL,
            updated_at timestamptz NOT NULL DEFAULT now(),
            updated_by integer CONSTRAINT fk_shop_settings_updated_by_users REFERENCES users (id) ON DELETE SET NULL
        )
    """)
    op.execute("""
        CREATE TABLE shop_setting_history (
            id bigserial NOT NULL CONSTRAINT pk_shop_setting_history PRIMARY KEY,
            section varchar(20) NOT NULL,
            version integer NOT NULL,
            values jsonb NOT NULL,
            saved_at timestamptz NOT NULL DEFAULT now(),
            saved_by integer
        )
    """)
    op.execute("""
        CREATE UNIQUE INDEX uq_shop_setting_history_section_version ON shop_setting_history (section, version)
    """)
    op.execute("""
        CREATE FUNCTION bookstore_refuse_history_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
        END $$
    """)
    op.execute("""
        CREATE TRIGGER shop_setting_history_append_only BEFORE DELETE OR UPDATE ON shop_setting_history
        FOR EACH ROW EXECUTE FUNCTION bookstore_refuse_history_change()
    """)


def downgrade() -> None:
    op.execute("DROP TABLE shop_setting_history")
    op.execute("DROP FUNCTION bookstore_refuse_history_change()")
    op.execute("DROP TABLE shop_settings")
