-- As the migrations leave it. Changed by a migration, then written by `make sql`.

CREATE TRIGGER books_count_delete AFTER DELETE ON books
    REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT
    EXECUTE FUNCTION bookstore_count_books();

CREATE TRIGGER books_count_insert AFTER INSERT ON books
    REFERENCING NEW TABLE AS came
    FOR EACH STATEMENT
    EXECUTE FUNCTION bookstore_count_books();

CREATE TRIGGER books_count_truncate AFTER TRUNCATE ON books
    FOR EACH STATEMENT
    EXECUTE FUNCTION bookstore_count_books();

CREATE TRIGGER books_count_update AFTER UPDATE OF title, author, genre_id, price ON books
    FOR EACH STATEMENT
    EXECUTE FUNCTION bookstore_count_books();

CREATE TRIGGER books_gather_changed_words AFTER UPDATE OF title, author ON books
    FOR EACH ROW
    WHEN (old.search_vector IS DISTINCT FROM new.search_vector)
    EXECUTE FUNCTION bookstore_gather_changed_words();

CREATE TRIGGER books_gather_words AFTER INSERT ON books
    REFERENCING NEW TABLE AS came
    FOR EACH STATEMENT
    EXECUTE FUNCTION bookstore_gather_words();

CREATE TRIGGER books_note_stale_delete AFTER DELETE ON books
    REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT
    EXECUTE FUNCTION bookstore_note_stale_books();

CREATE TRIGGER books_note_stale_insert AFTER INSERT ON books
    REFERENCING NEW TABLE AS came
    FOR EACH STATEMENT
    EXECUTE FUNCTION bookstore_note_stale_books();

CREATE TRIGGER books_note_stale_truncate AFTER TRUNCATE ON books
    FOR EACH STATEMENT
    EXECUTE FUNCTION bookstore_note_stale_books();

CREATE TRIGGER books_note_stale_update AFTER UPDATE OF title, author ON books
    FOR EACH ROW
    WHEN (old.search_vector IS DISTINCT FROM new.search_vector)
    EXECUTE FUNCTION bookstore_note_stale_books();

CREATE TRIGGER books_open_stock AFTER INSERT ON books
    FOR EACH ROW
    WHEN (new.stock_quantity <> 0)
    EXECUTE FUNCTION bookstore_open_stock();

CREATE TRIGGER books_touch BEFORE UPDATE ON books
    FOR EACH ROW
    EXECUTE FUNCTION bookstore_touch();
