"""The number of books and the words of their titles and authors, kept beside them."""

from alembic import op

revision = "b8c0d2e4f630"
down_revision = "a6b8c0d2e428"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _tally_books()
    _gather_words()


def _tally_books() -> None:
    op.execute("""
        CREATE TABLE book_tallies (
            id bigserial CONSTRAINT pk_book_tallies PRIMARY KEY,
            delta integer NOT NULL,
            stamp bigint NOT NULL DEFAULT hashtextextended(gen_random_uuid()::text, 0)
        )
    """)
    op.execute("INSERT INTO book_tallies (delta) SELECT count(*) FROM books")
    op.execute("""
        CREATE FUNCTION bookstore_tally_books() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'INSERT' THEN
                INSERT INTO book_tallies (delta) SELECT count(*) FROM came HAVING count(*) > 0;
            ELSIF TG_OP = 'DELETE' THEN
                INSERT INTO book_tallies (delta) SELECT -count(*) FROM gone HAVING count(*) > 0;
            ELSIF TG_OP = 'UPDATE' THEN
                INSERT INTO book_tallies (delta) VALUES (0);
            ELSE
                DELETE FROM book_tallies;
                INSERT INTO book_tallies (delta) VALUES (0);
            END IF;
            RETURN NULL;
        END $$
    """)
    for event, of, seeing in (
        ("insert", "", "REFERENCING NEW TABLE AS came"),
        ("delete", "", "REFERENCING OLD TABLE AS gone"),
        ("update", "OF title, author, genre_id, price", ""),
        ("truncate", "", ""),
    ):
        op.execute(f"""
            CREATE TRIGGER books_tally_{event} AFTER {event} {of} ON books {seeing}
            FOR EACH STATEMENT EXECUTE FUNCTION bookstore_tally_books()
        """)


def _gather_words() -> None:
    """Without a unique key: who adds a book does not wait for another who is adding one with the same new word."""
    op.execute("""
        CREATE TABLE book_words (
            id bigserial CONSTRAINT pk_book_words PRIMARY KEY,
            word text NOT NULL
        )
    """)
    op.execute("""
        INSERT INTO book_words (word) SELECT DISTINCT unnest(tsvector_to_array(search_vector)) FROM books ORDER BY 1
    """)
    op.execute("CREATE INDEX ix_book_words_word ON book_words (word)")
    op.execute("CREATE INDEX ix_book_words_word_trgm ON book_words USING gin (word gin_trgm_ops)")
    op.execute("""
        CREATE FUNCTION bookstore_gather_words() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO book_words (word)
            SELECT lexeme
            FROM (SELECT DISTINCT unnest(tsvector_to_array(search_vector)) AS lexeme FROM came) AS lexemes
            WHERE NOT EXISTS (SELECT FROM book_words WHERE word = lexeme);
            RETURN NULL;
        END $$
    """)
    op.execute("""
        CREATE TRIGGER books_gather_words AFTER INSERT ON books REFERENCING NEW TABLE AS came
        FOR EACH STATEMENT EXECUTE FUNCTION bookstore_gather_words()
    """)
    op.execute("""
        CREATE FUNCTION bookstore_gather_changed_words() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO book_words (word)
            SELECT lexeme FROM unnest(tsvector_to_array(NEW.search_vector)) AS lexeme
            WHERE NOT EXISTS (SELECT FROM book_words WHERE word = lexeme);
            RETURN NULL;
        END $$
    """)
    op.execute("""
        CREATE TRIGGER books_gather_changed_words AFTER UPDATE OF title, author ON books
        FOR EACH ROW WHEN (OLD.search_vector IS DISTINCT FROM NEW.search_vector)
        EXECUTE FUNCTION bookstore_gather_changed_words()
    """)


def downgrade() -> None:
    for trigger in ("gather_changed_words", "gather_words"):
        op.execute(f"DROP TRIGGER books_{trigger} ON books")
        op.execute(f"DROP FUNCTION bookstore_{trigger}()")
    op.execute("DROP TABLE book_words")
    for event in ("insert", "delete", "update", "truncate"):
        op.execute(f"DROP TRIGGER books_tally_{event} ON books")
    op.execute("DROP FUNCTION bookstore_tally_books()")
    op.execute("DROP TABLE book_tallies")
