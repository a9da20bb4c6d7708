"""The cart of a checkout, locked and read in one statement."""

from alembic import op

revision = "d2e4f6a8b034"
down_revision = "c0d2e4f6a832"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Each statement of a volatile function sees what was committed before it began: the lines are read under the lock."""
    op.execute("""
        CREATE FUNCTION bookstore_lock_cart(owner integer)
        RETURNS TABLE (
            cart_id integer, turn integer, ended bigint, line_id integer, book_id integer, quantity integer,
            title varchar, author varchar, price numeric, cover_image_url varchar
        )
        LANGUAGE plpgsql VOLATILE AS $$
        DECLARE
            cart carts;
        BEGIN
            SELECT * INTO cart FROM carts WHERE user_id = owner FOR UPDATE;
            IF NOT FOUND THEN
                RETURN;
            END IF;
            RETURN QUERY
            SELECT cart.id, cart.turn,
                   (SELECT count(*) FROM payment_attempts AS attempt
                    WHERE attempt.cart_id = cart.id AND attempt.cart_turn = cart.turn
                      AND (attempt.outcome = 'declined' OR attempt.voided_at IS NOT NULL)),
                   line.id, line.book_id, line.quantity, books.title, books.author, books.price, books.cover_image_url
            FROM (SELECT) AS always
            LEFT JOIN (cart_items AS line JOIN books ON books.id = line.book_id) ON line.cart_id = cart.id
            ORDER BY line.id;
        END $$
    """)


def downgrade() -> None:
    op.execute("DROP FUNCTION bookstore_lock_cart(integer)")
