"""Search: folding, the weighted vector and its indexes."""

from alembic import op

revision = "e4f6b8c0d204"
down_revision = "c9e3a5b7d603"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    op.execute("CREATE EXTENSION IF NOT EXISTS unaccent")
    op.execute("""
        CREATE FUNCTION bookstore_fold(value text) RETURNS text
        LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
        BEGIN
            RETURN btrim(regexp_replace(
                lower(public.unaccent('public.unaccent', normalize(value COLLATE "default", NFKC))), '[^[:alnum:]]+', ' ', 'g'));
        END $$
    """)
    op.execute("""
        ALTER TABLE books ADD COLUMN search_vector tsvector NOT NULL GENERATED ALWAYS AS (
            setweight(to_tsvector('simple'::regconfig, bookstore_fold(title::text)), 'A')
            || setweight(to_tsvector('simple'::regconfig, bookstore_fold(author::text)), 'B')
        ) STORED
    """)
    op.execute("CREATE INDEX ix_books_search_vector ON books USING gin (search_vector)")
    op.execute("""
        CREATE INDEX ix_books_title_author_trgm ON books
        USING gin (bookstore_fold(title::text || ' '::text || author::text) gin_trgm_ops)
    """)
    op.execute("CREATE INDEX ix_books_author_lower_trgm ON books USING gin (lower(author::text) gin_trgm_ops)")


def downgrade() -> None:
    op.execute("DROP INDEX ix_books_author_lower_trgm")
    op.execute("DROP INDEX ix_books_title_author_trgm")
    op.execute("ALTER TABLE books DROP COLUMN search_vector")
    op.execute("DROP FUNCTION bookstore_fold(text)")
    op.execute("DROP EXTENSION unaccent")
    op.execute("DROP EXTENSION pg_trgm")
