"""Each slice counts its own rows behind the lock of the cart: `bookstore_begin_checkout` asks them all."""

from alembic import op

revision = "f8b0d2e4a648"
down_revision = "d4f6a8b0c244"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Each statement of a volatile function sees what was committed before it began: what is counted or read behind
    the lock of the cart row is what those left there who held it before.
    """
    op.execute("DROP FUNCTION bookstore_lock_cart(integer, integer, integer)")
    # Of the cart: its row under the lock; no row without a cart.
    op.execute("""
        CREATE FUNCTION bookstore_lock_cart(owner integer) RETURNS TABLE (cart_id integer, turn integer)
        LANGUAGE plpgsql VOLATILE ROWS 1 AS $$
        BEGIN
            RETURN QUERY SELECT carts.id, carts.turn FROM carts WHERE carts.user_id = owner FOR UPDATE;
        END $$
    """)
    # Of the cart: its lines in order of adding.
    op.execute("""
        CREATE FUNCTION bookstore_read_cart(cart integer, most_lines integer)
        RETURNS TABLE (
            line_id integer, book_id integer, quantity integer,
            title varchar, author varchar, price numeric, cover_image_url varchar
        )
        LANGUAGE sql STABLE AS $$
            SELECT line.id, line.book_id, line.quantity, books.title, books.author, books.price, books.cover_image_url
            FROM cart_items AS line JOIN books ON books.id = line.book_id
            WHERE line.cart_id = cart
            ORDER BY line.id
            LIMIT most_lines
        $$
    """)
    # Of payments: the attempts of a turn that took nothing, and those of them that were declined within an hour.
    op.execute("""
        CREATE FUNCTION bookstore_ended_payments(cart integer, its_turn integer)
        RETURNS TABLE (ended bigint, declined bigint, first_declined timestamptz)
        LANGUAGE sql STABLE ROWS 1 AS $$
            SELECT count(*), count(*) FILTER (WHERE lately), min(created_at) FILTER (WHERE lately)
            FROM payment_attempts AS attempt
            CROSS JOIN LATERAL (
                SELECT outcome = 'declined' AND created_at > now() - interval '1 hour' AS lately
            ) AS when_declined
            WHERE attempt.cart_id = cart AND attempt.cart_turn = its_turn
              AND (attempt.outcome = 'declined' OR attempt.voided_at IS NOT NULL)
        $$
    """)
    # Of orders. One row at least; without a cart its id is null, and where keys are counted the account is locked.
    op.execute("""
        CREATE FUNCTION bookstore_begin_checkout(owner integer, most_lines integer, most_keys integer)
        RETURNS TABLE (
            cart_id integer, turn integer, ended bigint, declined bigint, first_declined timestamptz,
            keys bigint, first_key_until timestamptz, line_id integer, book_id integer, quantity integer,
            title varchar, author varchar, price numeric, cover_image_url varchar
        )
        LANGUAGE plpgsql VOLATILE AS $$
        DECLARE
            cart integer;
            its_turn integer;
        BEGIN
            SELECT locked.cart_id, locked.turn INTO cart, its_turn FROM bookstore_lock_cart(owner) AS locked;
            IF cart IS NULL AND most_keys IS NOT NULL THEN
                PERFORM FROM users WHERE users.id = owner FOR NO KEY UPDATE;
            END IF;
            RETURN QUERY
            SELECT cart, its_turn, attempts.ended, attempts.declined, attempts.first_declined,
                   claimed.keys, claimed.first_until, line.*
            FROM bookstore_ended_payments(cart, its_turn) AS attempts
            CROSS JOIN (
                SELECT count(*) AS keys, min(unexpired.expires_at) AS first_until
                FROM (
                    SELECT claim.expires_at FROM idempotency_keys AS claim
                    WHERE most_keys IS NOT NULL AND claim.user_id = owner AND claim.expires_at > now()
                    LIMIT most_keys + 1
                ) AS unexpired
            ) AS claimed
            LEFT JOIN bookstore_read_cart(cart, most_lines + 1) AS line ON true
            ORDER BY line.line_id;
        END $$
    """)


def downgrade() -> None:
    op.execute("DROP FUNCTION bookstore_begin_checkout(integer, integer, integer)")
    op.execute("DROP FUNCTION bookstore_ended_payments(integer, integer)")
    op.execute("DROP FUNCTION bookstore_read_cart(integer, integer)")
    op.execute("DROP FUNCTION bookstore_lock_cart(integer)")
    op.execute("""
        CREATE FUNCTION bookstore_lock_cart(owner integer, most_lines integer, most_keys integer)
        RETURNS TABLE (
            cart_id integer, turn integer, ended bigint, declined bigint, first_declined timestamptz,
            keys bigint, first_key_until timestamptz, line_id integer, book_id integer, quantity integer,
            title varchar, author varchar, price numeric, cover_image_url varchar
        )
        LANGUAGE plpgsql VOLATILE AS $$
        DECLARE
            cart carts;
        BEGIN
            SELECT * INTO cart FROM carts WHERE user_id = owner FOR UPDATE;
            IF NOT FOUND THEN
                IF most_keys IS NULL THEN
                    RETURN;
                END IF;
                PERFORM FROM users WHERE id = owner FOR NO KEY UPDATE;
            END IF;
            RETURN QUERY
            SELECT cart.id, cart.turn, attempts.ended, attempts.declined, attempts.first_declined,
                   claimed.keys, claimed.first_until,
                   line.id, line.book_id, line.quantity, books.title, books.author, books.price, books.cover_image_url
            FROM (
                SELECT count(*) AS ended,
                       count(*) FILTER (WHERE lately) AS declined, min(created_at) FILTER (WHERE lately) AS first_declined
                FROM payment_attempts AS attempt
                CROSS JOIN LATERAL (
                    SELECT outcome = 'declined' AND created_at > now() - interval '1 hour' AS lately
                ) AS when_declined
                WHERE attempt.cart_id = cart.id AND attempt.cart_turn = cart.turn
                  AND (attempt.outcome = 'declined' OR attempt.voided_at IS NOT NULL)
            ) AS attempts
            CROSS JOIN (
                SELECT count(*) AS keys, min(expires_at) AS first_until
                FROM (
                    SELECT expires_at FROM idempotency_keys
                    WHERE most_keys IS NOT NULL AND user_id = owner AND expires_at > now()
                    LIMIT most_keys + 1
                ) AS unexpired
            ) AS claimed
            LEFT JOIN (cart_items AS line JOIN books ON books.id = line.book_id) ON line.cart_id = cart.id
            ORDER BY line.id
            LIMIT most_lines + 1;
        END $$
    """)
