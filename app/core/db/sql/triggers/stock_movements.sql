-- As the migrations leave it. Changed by a migration, then written by `make sql`.

CREATE TRIGGER stock_movements_append_only BEFORE DELETE OR UPDATE ON stock_movements
    FOR EACH ROW
    EXECUTE FUNCTION bookstore_refuse_ledger_change();
