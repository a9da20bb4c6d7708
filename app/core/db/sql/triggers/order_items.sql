-- As the migrations leave it. Changed by a migration, then written by `make sql`.

CREATE TRIGGER order_items_count_delete AFTER DELETE ON order_items
    REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT
    EXECUTE FUNCTION bookstore_count_lines();

CREATE TRIGGER order_items_count_insert AFTER INSERT ON order_items
    REFERENCING NEW TABLE AS came
    FOR EACH STATEMENT
    EXECUTE FUNCTION bookstore_count_lines();

CREATE TRIGGER order_items_count_truncate AFTER TRUNCATE ON order_items
    FOR EACH STATEMENT
    EXECUTE FUNCTION bookstore_count_all_sales();

CREATE TRIGGER order_items_count_update AFTER UPDATE ON order_items
    REFERENCING OLD TABLE AS gone NEW TABLE AS came
    FOR EACH STATEMENT
    EXECUTE FUNCTION bookstore_count_lines();

CREATE TRIGGER order_items_keep_totals_delete AFTER DELETE ON order_items
    REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT
    EXECUTE FUNCTION bookstore_keep_order_totals();

CREATE TRIGGER order_items_keep_totals_insert AFTER INSERT ON order_items
    REFERENCING NEW TABLE AS came
    FOR EACH STATEMENT
    EXECUTE FUNCTION bookstore_keep_order_totals();

CREATE TRIGGER order_items_keep_totals_update AFTER UPDATE ON order_items
    REFERENCING OLD TABLE AS gone NEW TABLE AS came
    FOR EACH STATEMENT
    EXECUTE FUNCTION bookstore_keep_order_totals();

CREATE TRIGGER order_items_settle_delete AFTER DELETE ON order_items
    REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT
    EXECUTE FUNCTION bookstore_settle_lines();

CREATE TRIGGER order_items_settle_insert AFTER INSERT ON order_items
    REFERENCING NEW TABLE AS came
    FOR EACH STATEMENT
    EXECUTE FUNCTION bookstore_settle_lines();

CREATE TRIGGER order_items_settle_truncate AFTER TRUNCATE ON order_items
    FOR EACH STATEMENT
    EXECUTE FUNCTION bookstore_settle_lines();

CREATE TRIGGER order_items_settle_update AFTER UPDATE ON order_items
    REFERENCING OLD TABLE AS gone NEW TABLE AS came
    FOR EACH STATEMENT
    EXECUTE FUNCTION bookstore_settle_lines();
