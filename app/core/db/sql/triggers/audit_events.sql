-- As the migrations leave it. Changed by a migration, then written by `make sql`.

CREATE TRIGGER audit_events_append_only BEFORE DELETE OR UPDATE ON audit_events
    FOR EACH ROW
    EXECUTE FUNCTION bookstore_refuse_audit_change();
