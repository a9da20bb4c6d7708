"""Reviews, and the triggers that keep their figures on the book."""

from alembic import op

revision = "c5d9e1f3a709"
down_revision = "a8b4d6f2c008"
branch_labels = None
depends_on = None

CAME = "SELECT book_id, rating, 1 AS number FROM came WHERE deleted_at IS NULL"
GONE = "SELECT book_id, -rating AS rating, -1 AS number FROM gone WHERE deleted_at IS NULL"
MOVES = {"insert": CAME, "update": f"{CAME} UNION ALL {GONE}", "delete": GONE}
CHANGES = """
    SELECT book_id, sum(rating) AS rating, sum(number) AS number FROM ({moves}) AS moves
    GROUP BY book_id HAVING sum(rating) <> 0 OR sum(number) <> 0
"""
# Once a statement, not once a row: however many reviews it writes, each book is changed once, and all its books are
# locked by ascending id as checkout locks them, whatever order the reviews come in.
CARRY = """
    CREATE FUNCTION bookstore_carry_ratings_of_{event}() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM FROM books WHERE id IN (SELECT book_id FROM ({changes}) AS change)
        ORDER BY id FOR NO KEY UPDATE;
        UPDATE books SET rating_sum = rating_sum + change.rating, rating_count = rating_count + change.number
        FROM ({changes}) AS change WHERE books.id = change.book_id;
        RETURN NULL;
    END $$
"""


def upgrade() -> None:
    op.execute("""
        CREATE TABLE reviews (
            id serial CONSTRAINT pk_reviews PRIMARY KEY,
            user_id integer NOT NULL CONSTRAINT fk_reviews_user_id_users REFERENCES users (id) ON DELETE CASCADE,
            book_id integer NOT NULL CONSTRAINT fk_reviews_book_id_books REFERENCES books (id) ON DELETE CASCADE,
            rating integer NOT NULL CONSTRAINT ck_reviews_rating_range CHECK (rating BETWEEN 1 AND 5),
            text varchar(2000),
            created_at timestamptz NOT NULL DEFAULT now(),
            updated_at timestamptz NOT NULL DEFAULT now(),
            deleted_at timestamptz
        )
    """)
    op.execute("CREATE INDEX ix_reviews_user_id ON reviews (user_id)")
    op.execute(
        "CREATE UNIQUE INDEX uq_reviews_user_id_book_id_live ON reviews (user_id, book_id) WHERE deleted_at IS NULL"
    )
    op.execute(
        "CREATE INDEX ix_reviews_book_id_created_at_id ON reviews (book_id, created_at, id) INCLUDE (deleted_at)"
    )
    op.execute("""
        CREATE TRIGGER reviews_touch BEFORE UPDATE ON reviews
        FOR EACH ROW EXECUTE FUNCTION bookstore_touch()
    """)
    op.execute("""
        ALTER TABLE books
            ADD COLUMN rating_sum integer NOT NULL DEFAULT 0,
            ADD COLUMN rating_count integer NOT NULL DEFAULT 0,
            ADD COLUMN rating_mean numeric GENERATED ALWAYS AS (
                CASE WHEN rating_count > 0 THEN rating_sum::numeric / rating_count::numeric END) STORED
    """)
    op.execute("CREATE INDEX ix_books_rating_mean_id ON books (rating_mean, id)")
    op.execute("CREATE INDEX ix_books_rating_mean_desc_id ON books (rating_mean DESC NULLS LAST, id)")
    for event, moves in MOVES.items():
        op.execute(CARRY.format(event=event, changes=CHANGES.format(moves=moves)))
    op.execute("""
        CREATE TRIGGER reviews_carry_insert AFTER INSERT ON reviews REFERENCING NEW TABLE AS came
        FOR EACH STATEMENT EXECUTE FUNCTION bookstore_carry_ratings_of_insert()
    """)
    op.execute("""
        CREATE TRIGGER reviews_carry_update AFTER UPDATE ON reviews REFERENCING OLD TABLE AS gone NEW TABLE AS came
        FOR EACH STATEMENT EXECUTE FUNCTION bookstore_carry_ratings_of_update()
    """)
    op.execute("""
        CREATE TRIGGER reviews_carry_delete AFTER DELETE ON reviews REFERENCING OLD TABLE AS gone
        FOR EACH STATEMENT EXECUTE FUNCTION bookstore_carry_ratings_of_delete()
    """)
    op.execute("""
        CREATE FUNCTION bookstore_clear_ratings() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            UPDATE books SET rating_sum = 0, rating_count = 0 WHERE rating_count <> 0;
            RETURN NULL;
        END $$
    """)
    op.execute("""
        CREATE TRIGGER reviews_carry_truncate AFTER TRUNCATE ON reviews
        FOR EACH STATEMENT EXECUTE FUNCTION bookstore_clear_ratings()
    """)


def downgrade() -> None:
    op.execute("DROP TABLE reviews")
    op.execute("DROP FUNCTION bookstore_clear_ratings()")
    for event in MOVES:
        op.execute(f"DROP FUNCTION bookstore_carry_ratings_of_{event}()")
    op.execute("ALTER TABLE books DROP COLUMN rating_mean, DROP COLUMN rating_count, DROP COLUMN rating_sum")
