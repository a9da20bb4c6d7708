-- As the migrations leave it. Changed by a migration, then written by `make sql`.

CREATE TRIGGER wake_mail_workers AFTER INSERT ON email_outbox
    FOR EACH STATEMENT
    EXECUTE FUNCTION bookstore_wake_mail_workers();
