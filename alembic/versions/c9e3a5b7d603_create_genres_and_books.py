"""Genres and books."""

from alembic import op

revision = "c9e3a5b7d603"
down_revision = "b7d2f4a6c802"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE genres (
            id serial CONSTRAINT pk_genres PRIMARY KEY,
            name varchar(100) NOT NULL CONSTRAINT uq_genres_name UNIQUE,
            created_at timestamptz NOT NULL DEFAULT now()
        )
    """)
    op.execute("""
        CREATE TABLE books (
            id serial CONSTRAINT pk_books PRIMARY KEY,
            title varchar(500) COLLATE "C" NOT NULL,
            author varchar(255) NOT NULL,
            price numeric(10, 2) NOT NULL CONSTRAINT ck_books_price_positive CHECK (price > 0),
            isbn varchar(17) CONSTRAINT uq_books_isbn UNIQUE,
            description text,
            cover_image_url varchar(2048),
            publish_date date,
            stock_quantity integer NOT NULL DEFAULT 0 CONSTRAINT ck_books_stock_not_negative CHECK (stock_quantity >= 0),
            genre_id integer CONSTRAINT fk_books_genre_id_genres REFERENCES genres (id),
            created_at timestamptz NOT NULL DEFAULT now(),
            updated_at timestamptz NOT NULL DEFAULT now()
        )
    """)
    op.execute("""CREATE INDEX ix_books_title_id ON books (title, id)""")
    op.execute("CREATE INDEX ix_books_author ON books (author)")
    op.execute("CREATE INDEX ix_books_genre_id ON books (genre_id)")
    op.execute("CREATE INDEX ix_books_price_id ON books (price, id)")
    op.execute("CREATE INDEX ix_books_publish_date_id ON books (publish_date, id)")
    op.execute("CREATE INDEX ix_books_created_at_id ON books (created_at, id)")
    op.execute("CREATE INDEX ix_books_publish_date_desc_id ON books (publish_date DESC NULLS LAST, id)")
    op.execute("CREATE INDEX ix_books_created_at_desc_id ON books (created_at DESC, id)")
    op.execute("CREATE INDEX ix_books_stock_quantity_id ON books (stock_quantity, id)")
    op.execute("""
        CREATE FUNCTION bookstore_touch() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            NEW.updated_at := now();
            RETURN NEW;
        END $$
    """)
    op.execute("""
        CREATE TRIGGER books_touch BEFORE UPDATE ON books
        FOR EACH ROW EXECUTE FUNCTION bookstore_touch()
    """)


def downgrade() -> None:
    op.execute("DROP TABLE books")
    op.execute("DROP FUNCTION bookstore_touch()")
    op.execute("DROP TABLE genres")
