-- As the migrations leave it. Changed by a migration, then written by `make sql`.

CREATE TRIGGER security_events_append_only BEFORE DELETE OR UPDATE ON security_events
    FOR EACH ROW
    EXECUTE FUNCTION bookstore_guard_security_events();
