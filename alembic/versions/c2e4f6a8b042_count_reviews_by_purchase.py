"""Reviews of purchases that were undone leave the figures of the book, until their author buys it again."""

from alembic import op

revision = "c2e4f6a8b042"
down_revision = "b0d2e4f6a840"
branch_labels = None
depends_on = None

# The author has orders with the book, and none of them is confirmed any more. By the orders of the author, then by
# their lines, whatever is known of the tables: or PostgreSQL would go through all the lines of a best-seller.
UNDONE = """
    (SELECT bool_or(status = 'confirmed') FROM orders
     WHERE orders.user_id = reviews.user_id
       AND reviews.book_id = ANY (ARRAY(SELECT book_id FROM order_items WHERE order_id = orders.id))) IS FALSE
"""
CAME = "SELECT book_id, rating, 1 AS number FROM came WHERE {counting}"
GONE = "SELECT book_id, -rating AS rating, -1 AS number FROM gone WHERE {counting}"
MOVES = {"insert": CAME, "update": f"{CAME} UNION ALL {GONE}", "delete": GONE}
CHANGES = """
    SELECT book_id, sum(rating) AS rating, sum(number) AS number FROM ({moves}) AS moves
    GROUP BY book_id HAVING sum(rating) <> 0 OR sum(number) <> 0
"""
CARRY = """
    CREATE OR REPLACE FUNCTION bookstore_carry_ratings_of_{event}() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM FROM books WHERE id IN (SELECT book_id FROM ({changes}) AS change)
        ORDER BY id FOR NO KEY UPDATE;
        UPDATE books SET rating_sum = rating_sum + change.rating, rating_count = rating_count + change.number
        FROM ({changes}) AS change WHERE books.id = change.book_id;
        RETURN NULL;
    END $$
"""
# What is deleted neither counts nor not: it is settled when it comes back. So a reader has one review of a book, which
# the unique index finds.
# Who settles looks at the orders under the locks of the books, which whoever reviews, buys or cancels holds as well:
# so the later of two sees what the earlier did. Triggers on orders find reviews that are written at the same time
# only when they hold the lock before they look; those on new lines need not take it, as checkout has it already.
LOCK = "PERFORM FROM books WHERE id IN ({books}) ORDER BY id FOR NO KEY UPDATE"
SETTLE = f"""
    CREATE FUNCTION bookstore_settle_reviews(ids integer[]) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
        {LOCK.format(books="SELECT book_id FROM reviews WHERE id = ANY (ids)")};
        UPDATE reviews SET counts = NOT counts WHERE id = ANY (ids) AND counts = ({UNDONE});
    END $$
"""
ON_REVIEWS = """
    CREATE FUNCTION bookstore_settle_written() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE ids integer[];
    BEGIN
        IF TG_OP = 'INSERT' THEN
            SELECT array_agg(id) INTO ids FROM came;
        ELSE
            SELECT array_agg(came.id) INTO ids FROM came JOIN gone USING (id)
            WHERE (came.user_id, came.book_id, came.deleted_at IS NULL)
               <> (gone.user_id, gone.book_id, gone.deleted_at IS NULL);
        END IF;
        IF ids IS NOT NULL THEN
            PERFORM bookstore_settle_reviews(ids);
        END IF;
        RETURN NULL;
    END $$
"""
# By the unique index, one for each line: joined, PostgreSQL might read all the reviews of a best-seller at a checkout.
REVIEWED = """
    SELECT array_agg(id) INTO ids
    FROM (
        SELECT (SELECT reviews.id FROM reviews
                WHERE reviews.user_id = bought.user_id AND reviews.book_id = bought.book_id AND deleted_at IS NULL
                  AND {which}) AS id
        FROM ({bought}) AS bought
    ) AS reviewed
    WHERE id IS NOT NULL
"""
BOUGHT = "SELECT user_id, book_id, status FROM {lines} JOIN orders ON orders.id = order_id"
CHANGED = "(SELECT order_id, book_id FROM gone UNION SELECT order_id, book_id FROM came) AS lines"
ON_LINES = f"""
    CREATE FUNCTION bookstore_settle_lines() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE ids integer[];
    BEGIN
        IF TG_OP = 'INSERT' THEN
            -- A line of an order that stands can only bring a review back, and any other only take one out.
            {REVIEWED.format(bought=BOUGHT.format(lines="came"), which="counts <> (bought.status = 'confirmed')")};
        ELSIF TG_OP = 'UPDATE' THEN
            {REVIEWED.format(bought=BOUGHT.format(lines=CHANGED), which="true")};
        ELSIF TG_OP = 'DELETE' THEN
            {REVIEWED.format(bought=BOUGHT.format(lines="gone"), which="true")};
        ELSE
            SELECT array_agg(id) INTO ids FROM reviews WHERE NOT counts;
        END IF;
        IF ids IS NOT NULL THEN
            PERFORM bookstore_settle_reviews(ids);
        END IF;
        RETURN NULL;
    END $$
"""
OF_ORDERS = """
    SELECT user_id, book_id FROM (SELECT id, user_id FROM gone UNION SELECT id, user_id FROM came) AS changed
    JOIN order_items ON order_id = changed.id
"""
ON_ORDERS = f"""
    CREATE FUNCTION bookstore_settle_orders() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE ids integer[];
    BEGIN
        IF TG_OP = 'UPDATE' THEN
            {LOCK.format(books="SELECT book_id FROM came JOIN order_items ON order_id = came.id")};
            {REVIEWED.format(bought=OF_ORDERS, which="true")};
        ELSE
            -- Their lines may be gone by now, so all reviews of those who bought are looked at.
            SELECT array_agg(reviews.id) INTO ids FROM reviews WHERE user_id IN (SELECT user_id FROM gone);
        END IF;
        IF ids IS NOT NULL THEN
            PERFORM bookstore_settle_reviews(ids);
        END IF;
        RETURN NULL;
    END $$
"""
SEEING = {
    "INSERT": "REFERENCING NEW TABLE AS came",
    "UPDATE": "REFERENCING OLD TABLE AS gone NEW TABLE AS came",
    "DELETE": "REFERENCING OLD TABLE AS gone",
    "TRUNCATE": "",
}
TRIGGERS = {
    "reviews": ("written", ("INSERT", "UPDATE")),
    "order_items": ("lines", ("INSERT", "UPDATE", "DELETE", "TRUNCATE")),
    "orders": ("orders", ("UPDATE", "DELETE")),
}


def upgrade() -> None:
    op.execute("ALTER TABLE reviews ADD COLUMN counts boolean NOT NULL DEFAULT true")
    op.execute("DROP TRIGGER reviews_touch ON reviews")
    # That a purchase is undone changes nothing that its author wrote.
    op.execute("""
        CREATE TRIGGER reviews_touch BEFORE UPDATE ON reviews
        FOR EACH ROW WHEN (OLD.counts = NEW.counts) EXECUTE FUNCTION bookstore_touch()
    """)
    _carry("deleted_at IS NULL AND counts")
    op.execute("""
        UPDATE reviews SET counts = false
        FROM (
            SELECT user_id, book_id FROM orders JOIN order_items ON order_id = orders.id
            GROUP BY user_id, book_id HAVING NOT bool_or(status = 'confirmed')
        ) AS undone
        WHERE reviews.user_id = undone.user_id AND reviews.book_id = undone.book_id
    """)
    for function in (SETTLE, ON_REVIEWS, ON_LINES, ON_ORDERS):
        op.execute(function)
    for table, (function, events) in TRIGGERS.items():
        for event in events:
            op.execute(f"""
                CREATE TRIGGER {table}_settle_{event.lower()} AFTER {event} ON {table} {SEEING[event]}
                FOR EACH STATEMENT EXECUTE FUNCTION bookstore_settle_{function}()
            """)
    _index_those_of_a_book("deleted_at, counts")


def downgrade() -> None:
    for table, (function, events) in TRIGGERS.items():
        for event in events:
            op.execute(f"DROP TRIGGER {table}_settle_{event.lower()} ON {table}")
        op.execute(f"DROP FUNCTION bookstore_settle_{function}()")
    op.execute("DROP FUNCTION bookstore_settle_reviews(integer[])")
    op.execute("UPDATE reviews SET counts = true WHERE NOT counts")
    _carry("deleted_at IS NULL")
    op.execute("DROP TRIGGER reviews_touch ON reviews")
    op.execute("""
        CREATE TRIGGER reviews_touch BEFORE UPDATE ON reviews
        FOR EACH ROW EXECUTE FUNCTION bookstore_touch()
    """)
    _index_those_of_a_book("deleted_at")
    op.execute("ALTER TABLE reviews DROP COLUMN counts")


def _carry(counting: str) -> None:
    """Have the figures carry the reviews for which that is true."""
    for event, moves in MOVES.items():
        changes = CHANGES.format(moves=moves.format(counting=counting))
        op.execute(CARRY.format(event=event, changes=changes))


def _index_those_of_a_book(beside: str) -> None:
    op.execute("DROP INDEX ix_reviews_book_id_created_at_id")
    op.execute(
        f"CREATE INDEX ix_reviews_book_id_created_at_id ON reviews (book_id, created_at, id) INCLUDE ({beside})"
    )
