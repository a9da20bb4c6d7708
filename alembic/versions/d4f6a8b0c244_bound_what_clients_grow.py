"""Counts under the lock of the cart, and an index on the sessions that can go on."""

import sqlalchemy as sa

from alembic import op

revision = "d4f6a8b0c244"
down_revision = "c2e4f6a8b042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Each statement of a volatile function sees what was committed before it began: what is counted or read behind
    the lock of the cart row is what those left there who held it before.
    """
    op.execute("""
        CREATE FUNCTION bookstore_cart_lines(cart integer) RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
        BEGIN
            RETURN (SELECT count(*) FROM cart_items WHERE cart_id = cart);
        END $$
    """)
    op.execute("DROP FUNCTION bookstore_lock_cart(integer)")
    # A row at least where keys are counted: without a cart its id is null, and the row of the account is locked.
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
    op.create_index(
        "ix_refresh_tokens_user_id_token_family_live",
        "refresh_tokens",
        ["user_id", "token_family"],
        postgresql_where=sa.text("revoked_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_refresh_tokens_user_id_token_family_live", table_name="refresh_tokens")
    op.execute("DROP FUNCTION bookstore_lock_cart(integer, integer, integer)")
    op.execute("DROP FUNCTION bookstore_cart_lines(integer)")
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
