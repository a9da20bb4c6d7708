-- As the migrations leave it. Changed by a migration, then written by `make sql`.

CREATE TRIGGER shop_setting_history_append_only BEFORE DELETE OR UPDATE ON shop_setting_history
    FOR EACH ROW
    EXECUTE FUNCTION bookstore_refuse_history_change();
