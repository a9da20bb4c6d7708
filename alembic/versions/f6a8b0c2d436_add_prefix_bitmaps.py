"""Bitmaps of the books that hold a frequent prefix, and the books that have changed since these were drawn."""

from alembic import op

revision = "f6a8b0c2d436"
down_revision = "d2e4f6a8b034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE frequent_prefixes (
            prefix text CONSTRAINT pk_frequent_prefixes PRIMARY KEY,
            ready boolean NOT NULL DEFAULT false
        )
    """)
    op.execute("""
        CREATE TABLE prefix_bitmaps (
            prefix text NOT NULL
                CONSTRAINT fk_prefix_bitmaps_prefix_frequent_prefixes
                REFERENCES frequent_prefixes (prefix) ON DELETE CASCADE,
            chunk integer NOT NULL,
            hits bit(4096) NOT NULL,
            in_title bit(4096) NOT NULL,
            CONSTRAINT pk_prefix_bitmaps PRIMARY KEY (prefix, chunk)
        )
    """)
    op.execute("""
        CREATE TABLE stale_books (
            id bigserial CONSTRAINT pk_stale_books PRIMARY KEY,
            book_id integer NOT NULL
        )
    """)
    op.execute("INSERT INTO stale_books (book_id) SELECT id FROM books ORDER BY id")
    op.execute("CREATE INDEX ix_stale_books_book_id ON stale_books (book_id)")
    _note_changes()


def _note_changes() -> None:
    op.execute("""
        CREATE FUNCTION bookstore_note_stale_books() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'INSERT' THEN
                INSERT INTO stale_books (book_id) SELECT id FROM came;
            ELSIF TG_OP = 'DELETE' THEN
                INSERT INTO stale_books (book_id) SELECT id FROM gone;
            ELSIF TG_OP = 'UPDATE' THEN
                INSERT INTO stale_books (book_id) VALUES (NEW.id);
            ELSE
                DELETE FROM frequent_prefixes;
                DELETE FROM stale_books;
            END IF;
            RETURN NULL;
        END $$
    """)
    words_changed = "OLD.search_vector IS DISTINCT FROM NEW.search_vector"
    for event, each in (
        ("insert", "AFTER INSERT ON books REFERENCING NEW TABLE AS came FOR EACH STATEMENT"),
        ("delete", "AFTER DELETE ON books REFERENCING OLD TABLE AS gone FOR EACH STATEMENT"),
        ("truncate", "AFTER TRUNCATE ON books FOR EACH STATEMENT"),
        ("update", f"AFTER UPDATE OF title, author ON books FOR EACH ROW WHEN ({words_changed})"),
    ):
        op.execute(f"CREATE TRIGGER books_note_stale_{event} {each} EXECUTE FUNCTION bookstore_note_stale_books()")


def downgrade() -> None:
    for event in ("insert", "delete", "truncate", "update"):
        op.execute(f"DROP TRIGGER books_note_stale_{event} ON books")
    op.execute("DROP FUNCTION bookstore_note_stale_books()")
    for table in ("stale_books", "prefix_bitmaps", "frequent_prefixes"):
        op.execute(f"DROP TABLE {table}")
