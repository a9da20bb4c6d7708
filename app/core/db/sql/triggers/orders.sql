-- As the migrations leave it. Changed by a migration, then written by `make sql`.

CREATE TRIGGER orders_count_delete BEFORE DELETE ON orders
    FOR EACH ROW
    EXECUTE FUNCTION bookstore_count_orders();

CREATE TRIGGER orders_count_insert AFTER INSERT ON orders
    REFERENCING NEW TABLE AS came
    FOR EACH STATEMENT
    EXECUTE FUNCTION bookstore_count_orders();

CREATE TRIGGER orders_count_update AFTER UPDATE ON orders
    REFERENCING OLD TABLE AS gone NEW TABLE AS came
    FOR EACH STATEMENT
    EXECUTE FUNCTION bookstore_count_orders();

CREATE TRIGGER orders_settle_delete AFTER DELETE ON orders
    REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT
    EXECUTE FUNCTION bookstore_settle_orders();

CREATE TRIGGER orders_settle_update AFTER UPDATE ON orders
    REFERENCING OLD TABLE AS gone NEW TABLE AS came
    FOR EACH STATEMENT
    EXECUTE FUNCTION bookstore_settle_orders();
