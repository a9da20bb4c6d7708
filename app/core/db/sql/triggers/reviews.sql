-- As the migrations leave it. Changed by a migration, then written by `make sql`.

CREATE TRIGGER reviews_carry_delete AFTER DELETE ON reviews
    REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT
    EXECUTE FUNCTION bookstore_carry_ratings_of_delete();

CREATE TRIGGER reviews_carry_insert AFTER INSERT ON reviews
    REFERENCING NEW TABLE AS came
    FOR EACH STATEMENT
    EXECUTE FUNCTION bookstore_carry_ratings_of_insert();

CREATE TRIGGER reviews_carry_truncate AFTER TRUNCATE ON reviews
    FOR EACH STATEMENT
    EXECUTE FUNCTION bookstore_clear_ratings();

CREATE TRIGGER reviews_carry_update AFTER UPDATE ON reviews
    REFERENCING OLD TABLE AS gone NEW TABLE AS came
    FOR EACH STATEMENT
    EXECUTE FUNCTION bookstore_carry_ratings_of_update();

CREATE TRIGGER reviews_settle_insert AFTER INSERT ON reviews
    REFERENCING NEW TABLE AS came
    FOR EACH STATEMENT
    EXECUTE FUNCTION bookstore_settle_written();

CREATE TRIGGER reviews_settle_update AFTER UPDATE ON reviews
    REFERENCING OLD TABLE AS gone NEW TABLE AS came
    FOR EACH STATEMENT
    EXECUTE FUNCTION bookstore_settle_written();

CREATE TRIGGER reviews_touch BEFORE UPDATE ON reviews
    FOR EACH ROW
    WHEN (old.counts = new.counts)
    EXECUTE FUNCTION bookstore_touch();
