"""Security events: append-only, counting what repeats itself, bounded under a flood."""

from alembic import op

revision = "b0d2e4f6a840"
down_revision = "a8c0d2e4f638"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE security_events (
            id bigserial CONSTRAINT pk_security_events PRIMARY KEY,
            created_at timestamptz NOT NULL DEFAULT now(),
            last_at timestamptz NOT NULL DEFAULT now(),
            times integer NOT NULL DEFAULT 1,
            kind varchar(40) NOT NULL,
            user_id integer CONSTRAINT fk_security_events_user_id_users REFERENCES users (id) ON DELETE SET NULL,
            network cidr,
            device varchar(40),
            detail jsonb NOT NULL DEFAULT '{}',
            request_id varchar(64),
            CONSTRAINT ck_security_events_counted CHECK (times > 0 AND last_at >= created_at),
            CONSTRAINT ck_security_events_network_shortened
                CHECK (masklen(network) = CASE family(network) WHEN 4 THEN 24 ELSE 48 END)
        )
    """)
    for columns in ("created_at, id", "kind, created_at, id", "user_id, created_at, id", "network, created_at, id"):
        op.execute(f"CREATE INDEX ix_security_events_{columns.replace(', ', '_')} ON security_events ({columns})")
    _guard()
    _note()


def _guard() -> None:
    op.execute("""
        -- A foreign key's SET NULL runs inside the key's own trigger, hence the depth.
        CREATE FUNCTION bookstore_guard_security_events() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'DELETE' THEN
                IF current_setting('bookstore.purging', true) = 'security_events' THEN
                    RETURN OLD;
                END IF;
            ELSIF pg_trigger_depth() > 1 AND NEW.user_id IS NULL
                  AND to_jsonb(NEW) - 'user_id' = to_jsonb(OLD) - 'user_id' THEN
                RETURN NEW;
            ELSIF NEW.times > OLD.times AND NEW.last_at >= OLD.last_at
                  AND to_jsonb(NEW) - '{times,last_at}'::text[] = to_jsonb(OLD) - '{times,last_at}'::text[] THEN
                RETURN NEW;
            END IF;
            RAISE EXCEPTION 'security_events is append-only' USING ERRCODE = 'restrict_violation';
        END $$
    """)
    op.execute("""
        CREATE TRIGGER security_events_append_only BEFORE UPDATE OR DELETE ON security_events
        FOR EACH ROW EXECUTE FUNCTION bookstore_guard_security_events()
    """)


def _note() -> None:
    op.execute("""
        -- What is the same within a minute is one row that counts. Where an hour has had its rows, of a kind or, if
        -- p_account_room is given, of a kind and account, the rest is counted in a row a minute that names nobody.
        CREATE FUNCTION bookstore_note_security_event(
            p_kind text, p_user integer, p_email text, p_network cidr, p_device text, p_detail jsonb,
            p_request text, p_times integer, p_room integer, p_account_room integer
        ) RETURNS void LANGUAGE plpgsql AS $$
        DECLARE
            of_account boolean;
            room integer;
            is_full boolean := false;
        BEGIN
            p_user := coalesce(p_user, (SELECT id FROM users WHERE lower(email::text) = lower(p_email)));
            of_account := p_account_room IS NOT NULL AND p_user IS NOT NULL;
            room := CASE WHEN of_account THEN p_account_room ELSE p_room END;
            LOOP
                UPDATE security_events SET times = times + p_times, last_at = greatest(last_at, now())
                WHERE id = (
                    SELECT id FROM security_events
                    WHERE kind = p_kind AND created_at > now() - interval '1 minute' AND detail = p_detail
                      AND user_id IS NOT DISTINCT FROM p_user AND network IS NOT DISTINCT FROM p_network
                      AND device IS NOT DISTINCT FROM p_device
                    ORDER BY created_at DESC, id DESC LIMIT 1
                );
                IF FOUND THEN
                    RETURN;
                END IF;
                EXIT WHEN is_full;
                IF of_account THEN
                    is_full := room <= (
                        SELECT count(*) FROM (
                            SELECT FROM security_events
                            WHERE user_id = p_user AND created_at > now() - interval '1 hour' AND kind = p_kind LIMIT room
                        ) AS found
                    );
                ELSE
                    is_full := room <= (
                        SELECT count(*) FROM (
                            SELECT FROM security_events
                            WHERE kind = p_kind AND created_at > now() - interval '1 hour'
                              AND (user_id IS NULL) = (p_user IS NULL) LIMIT room
                        ) AS found
                    );
                    p_user := CASE WHEN is_full THEN NULL ELSE p_user END;
                END IF;
                EXIT WHEN NOT is_full;
                p_network := NULL;
                p_device := NULL;
                p_request := NULL;
                p_detail := '{"crowded": true}';
            END LOOP;
            INSERT INTO security_events (kind, user_id, network, device, detail, request_id, times)
            VALUES (p_kind, p_user, p_network, p_device, p_detail, p_request, p_times);
        END $$
    """)


def downgrade() -> None:
    op.execute("DROP FUNCTION bookstore_note_security_event")
    op.execute("DROP TABLE security_events")
    op.execute("DROP FUNCTION bookstore_guard_security_events()")
