"""Reviews, and the trigger that keeps their figures on the book."""

from alembic import op

revision = "c5d9e1f3a709"
down_revision = "a8b4d6f2c008"
branch_labels = None
depends_on = None


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
    op.execute("CREATE INDEX ix_reviews_book_id_created_at_id ON reviews (book_id, created_at, id)")
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
    op.execute("""
        CREATE FUNCTION bookstore_carry_rating() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP <> 'INSERT' AND OLD.deleted_at IS NULL THEN
                UPDATE books SET rating_sum = rating_sum - OLD.rating, rating_count = rating_count - 1
                WHERE id = OLD.book_id;
            END IF;
            IF TG_OP <> 'DELETE' AND NEW.deleted_at IS NULL THEN
                UPDATE books SET rating_sum = rating_sum + NEW.rating, rating_count = rating_count + 1
                WHERE id = NEW.book_id;
            END IF;
            RETURN NULL;
        END $$
    """)
    op.execute("""
        CREATE TRIGGER reviews_carry_rating AFTER INSERT OR DELETE OR UPDATE OF rating, book_id, deleted_at ON reviews
        FOR EACH ROW EXECUTE FUNCTION bookstore_carry_rating()
    """)


def downgrade() -> None:
    op.execute("DROP TABLE reviews")
    op.execute("DROP FUNCTION bookstore_carry_rating()")
    op.execute("ALTER TABLE books DROP COLUMN rating_mean, DROP COLUMN rating_count, DROP COLUMN rating_sum")
