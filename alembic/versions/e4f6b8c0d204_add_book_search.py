"""Search: folding, the weighted vector and its indexes."""

from alembic import op

revision = "e4f6b8c0d204"
down_revision = "c9e3a5b7d603"
branch_labels = None
depends_on = None

# The zeros of the scripts beside ASCII: [:alnum:] counts their digits in some locales and not in others.
ZEROS = bytes.fromhex("""
    0660 06F0 07C0 0966 09E6 0A66 0AE6 0B66 0BE6 0C66 0CE6 0D66 0DE6 0E50 0ED0 0F20 1040 1090 17E0 1810
    1946 19D0 1A80 1A90 1B50 1BB0 1C40 1C50 A620 A8D0 A900 A9D0 A9F0 AA50 ABF0
""").decode("utf-16-be")
DIGITS = "".join(chr(ord(zero) + digit) for zero in ZEROS for digit in range(10))
DIGIT_RANGES = "".join(f"{zero}-{chr(ord(zero) + 9)}" for zero in ZEROS)


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    op.execute("CREATE EXTENSION IF NOT EXISTS unaccent")
    op.execute(f"""
        -- Titles collate as "C", which knows no letter beyond ASCII; hence the collation of the variable.
        CREATE FUNCTION bookstore_fold(value text) RETURNS text
        LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
        DECLARE
            folded text COLLATE "default" := value;
        BEGIN
            IF octet_length(folded) > length(folded) THEN
                folded := regexp_replace(normalize(folded, NFKD), '[\\u0300-\\u036f]+', '', 'g');
                folded := normalize(public.unaccent('public.unaccent', lower(upper(folded))), NFKC);
                IF folded ~ '[{DIGIT_RANGES}]' THEN
                    folded := translate(folded, '{DIGITS}', '{"0123456789" * len(ZEROS)}');
                END IF;
            END IF;
            RETURN btrim(regexp_replace(lower(folded), '[^[:alnum:]]+', ' ', 'g'));
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
