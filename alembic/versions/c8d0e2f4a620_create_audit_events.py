"""The audit trail of staff: append-only."""

from alembic import op

revision = "c8d0e2f4a620"
down_revision = "b6c8d0e2f418"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE audit_events (
            id bigserial CONSTRAINT pk_audit_events PRIMARY KEY,
            actor_user_id integer CONSTRAINT fk_audit_events_actor_user_id_users REFERENCES users (id) ON DELETE SET NULL,
            actor_email varchar(255),
            action varchar(60) NOT NULL,
            subject varchar(40) NOT NULL,
            subject_id bigint,
            before jsonb,
            after jsonb,
            created_at timestamptz NOT NULL DEFAULT now()
        )
    """)
    op.execute("CREATE INDEX ix_audit_events_created_at_id ON audit_events (created_at, id)")
    op.execute(
        "CREATE INDEX ix_audit_events_subject_subject_id_created_at_id ON audit_events (subject, subject_id, created_at, id)"
    )
    op.execute(
        "CREATE INDEX ix_audit_events_actor_user_id_created_at_id ON audit_events (actor_user_id, created_at, id)"
    )
    op.execute("CREATE INDEX ix_audit_events_action_created_at_id ON audit_events (action, created_at, id)")
    op.execute("""
        -- A foreign key's SET NULL runs inside the key's own trigger, hence the depth.
        CREATE FUNCTION bookstore_refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'UPDATE' AND pg_trigger_depth() > 1 AND NEW.actor_user_id IS NULL
               AND to_jsonb(NEW) - 'actor_user_id' = to_jsonb(OLD) - 'actor_user_id' THEN
                RETURN NEW;
            END IF;
            RAISE EXCEPTION 'audit_events is append-only' USING ERRCODE = 'restrict_violation';
        END $$
    """)
    op.execute("""
        CREATE TRIGGER audit_events_append_only BEFORE UPDATE OR DELETE ON audit_events
        FOR EACH ROW EXECUTE FUNCTION bookstore_refuse_audit_change()
    """)


def downgrade() -> None:
    op.execute("DROP TABLE audit_events")
    op.execute("DROP FUNCTION bookstore_refuse_audit_change()")
