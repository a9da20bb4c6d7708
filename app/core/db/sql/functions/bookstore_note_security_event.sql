-- As the migrations leave it. Changed by a migration, then written by `make sql`.

CREATE OR REPLACE FUNCTION public.bookstore_note_security_event(p_kind text, p_user integer, p_email text, p_network cidr, p_device text, p_detail jsonb, p_request text, p_times integer, p_room integer, p_account_room integer)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
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
END
$function$;
