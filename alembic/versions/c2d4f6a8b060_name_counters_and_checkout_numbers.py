"""Tables, columns, functions and triggers get the names of the field: counters and checkout numbers."""

from alembic import op

revision = "c2d4f6a8b060"
down_revision = "a0c2d4f6b850"
branch_labels = None
depends_on = None

TABLES = {"book_tallies": "book_counters", "sales_tallies": "sales_counters"}
COLUMNS = {("carts", "turn"): "checkout_number", ("payment_attempts", "cart_turn"): "checkout_number"}
OBJECTS = {"tallies": "counters", "tally": "count", "cart_turn": "checkout_number"}
"""Parts of the names of constraints, indexes, sequences, triggers and functions."""
WORDS = TABLES | {"cart_turn": "checkout_number", "its_turn": "this_checkout", "turn": "checkout_number"}
"""In the text of functions."""

RENAME_OBJECTS = """
    DO $$
    DECLARE
        one record;
    BEGIN
        FOR one IN
            SELECT format('ALTER TABLE %s RENAME CONSTRAINT %I TO %I', conrelid::regclass, conname,
                          replace(conname, '{old}', '{new}')) AS command
            FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND conname LIKE '%{pattern}%'
              AND conrelid <> 0
            UNION ALL
            SELECT format('ALTER TRIGGER %I ON %s RENAME TO %I', tgname, tgrelid::regclass,
                          replace(tgname, '{old}', '{new}'))
            FROM pg_trigger WHERE NOT tgisinternal AND tgname LIKE '%{pattern}%'
            UNION ALL
            SELECT format('ALTER FUNCTION %s RENAME TO %I', oid::regprocedure, replace(proname, '{old}', '{new}'))
            FROM pg_proc
            WHERE pronamespace = 'public'::regnamespace AND proname LIKE 'bookstore%{pattern}%'
        LOOP
            EXECUTE one.command;
        END LOOP;
        FOR one IN
            SELECT format('ALTER %s %I RENAME TO %I', CASE relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'INDEX' END, relname,
                          replace(relname, '{old}', '{new}')) AS command
            FROM pg_class
            WHERE relnamespace = 'public'::regnamespace AND relkind IN ('i', 'S') AND relname LIKE '%{pattern}%'
        LOOP
            EXECUTE one.command;
        END LOOP;
    END $$
"""
# What a function returns has names too, which only a new one can change. No trigger calls such a function.
REWRITE_FUNCTIONS = """
    DO $$
    DECLARE
        one record;
        body text;
    BEGIN
        FOR one IN
            SELECT oid::regprocedure AS name, proretset, pg_get_functiondef(oid) AS text
            FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proname LIKE 'bookstore%'
        LOOP
            body := one.text;
            {replacements}
            IF body <> one.text THEN
                IF one.proretset THEN
                    EXECUTE format('DROP FUNCTION %s', one.name);
                END IF;
                EXECUTE body;
            END IF;
        END LOOP;
    END $$
"""


def _rewrite(words: list[tuple[str, str]]) -> None:
    replacements = "\n".join(rf"body := regexp_replace(body, '\m{old}\M', '{new}', 'g');" for old, new in words)
    op.execute(REWRITE_FUNCTIONS.format(replacements=replacements))


def _rename(old: str, new: str) -> None:
    op.execute(RENAME_OBJECTS.format(old=old, new=new, pattern=old.replace("_", r"\_")))


def upgrade() -> None:
    for old, new in TABLES.items():
        op.rename_table(old, new)
    for (table, old), new in COLUMNS.items():
        op.alter_column(table, old, new_column_name=new)
    for old, new in OBJECTS.items():
        _rename(old, new)
    _rewrite(list(WORDS.items()))


def downgrade() -> None:
    for old, new in TABLES.items():
        op.rename_table(new, old)
    for (table, old), new in COLUMNS.items():
        op.alter_column(table, new, new_column_name=old)
    _rename("counters", "tallies")
    _rename("checkout_number", "cart_turn")
    for what in ("all_sales", "books", "lines", "orders"):
        op.execute(f"ALTER FUNCTION bookstore_count_{what}() RENAME TO bookstore_tally_{what}")
    for table in ("books", "orders", "order_items"):
        for event in ("insert", "update", "delete") + (("truncate",) if table != "orders" else ()):
            op.execute(f"ALTER TRIGGER {table}_count_{event} ON {table} RENAME TO {table}_tally_{event}")
    columns = [(r"attempt\.checkout_number", "attempt.cart_turn"), ("checkout_number", "turn")]
    _rewrite([*((new, old) for old, new in TABLES.items()), *columns, ("this_checkout", "its_turn")])
