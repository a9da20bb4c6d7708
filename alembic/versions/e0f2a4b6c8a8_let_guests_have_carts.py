"""Carts of guests, found by the digest of a token, and Idempotency-Keys of either owner."""

from alembic import op

revision = "e0f2a4b6c8a8"
down_revision = "e4f6a8b0c272"
branch_labels = None
depends_on = None

_COLUMNS = """
    cart_id integer, checkout_number integer, ended bigint, declined bigint, first_declined timestamptz,
    keys bigint, first_key_until timestamptz, line_id integer, book_id integer, quantity integer,
    title varchar, author varchar, price numeric, cover_image_url varchar
"""


def upgrade() -> None:
    """A cart belongs to an account or to whoever has its token, never to both; rows that are there have an account."""
    op.execute("""
        ALTER TABLE carts
            ALTER COLUMN user_id DROP NOT NULL,
            ADD COLUMN token_digest bytea CONSTRAINT uq_carts_token_digest UNIQUE,
            ADD COLUMN last_used_at timestamptz NOT NULL DEFAULT now(),
            ADD CONSTRAINT ck_carts_one_owner CHECK (num_nonnulls(user_id, token_digest) = 1)
    """)
    op.execute("CREATE INDEX ix_carts_last_used_at_guests ON carts (last_used_at) WHERE token_digest IS NOT NULL")
    op.execute("""
        ALTER TABLE idempotency_keys
            DROP CONSTRAINT pk_idempotency_keys,
            ALTER COLUMN user_id DROP NOT NULL,
            ADD COLUMN token_digest bytea,
            ADD COLUMN id bigserial CONSTRAINT pk_idempotency_keys PRIMARY KEY,
            ADD CONSTRAINT uq_idempotency_keys_user_id_key UNIQUE (user_id, key),
            ADD CONSTRAINT uq_idempotency_keys_token_digest_key UNIQUE (token_digest, key),
            ADD CONSTRAINT ck_idempotency_keys_one_owner CHECK (num_nonnulls(user_id, token_digest) = 1)
    """)
    op.execute("DROP FUNCTION bookstore_begin_checkout(integer, integer, integer)")
    op.execute("DROP FUNCTION bookstore_lock_cart(integer)")
    # Of the cart: the row of either owner under the lock; no row without a cart.
    op.execute("""
        CREATE FUNCTION bookstore_lock_cart(account integer, guest bytea)
        RETURNS TABLE (cart_id integer, checkout_number integer)
        LANGUAGE plpgsql VOLATILE ROWS 1 AS $$
        BEGIN
            IF guest IS NULL THEN
                RETURN QUERY SELECT carts.id, carts.checkout_number FROM carts WHERE carts.user_id = account FOR UPDATE;
            ELSE
                RETURN QUERY
                SELECT carts.id, carts.checkout_number FROM carts WHERE carts.token_digest = guest FOR UPDATE;
            END IF;
        END $$
    """)
    op.execute(f"""
        CREATE FUNCTION bookstore_begin_checkout(
            account integer, guest bytea, most_lines integer, most_keys integer
        )
        RETURNS TABLE ({_COLUMNS})
        LANGUAGE plpgsql VOLATILE AS $$
        DECLARE
            cart integer;
            this_checkout integer;
            kept bigint := 0;
            kept_until timestamptz;
        BEGIN
            SELECT locked.cart_id, locked.checkout_number INTO cart, this_checkout
            FROM bookstore_lock_cart(account, guest) AS locked;
            IF most_keys IS NOT NULL AND guest IS NULL THEN
                IF cart IS NULL THEN
                    PERFORM FROM users WHERE users.id = account FOR NO KEY UPDATE;
                END IF;
                SELECT count(*), min(unexpired.expires_at) INTO kept, kept_until FROM (
                    SELECT claim.expires_at FROM idempotency_keys AS claim
                    WHERE claim.user_id = account AND claim.expires_at > now() LIMIT most_keys + 1
                ) AS unexpired;
            ELSIF most_keys IS NOT NULL THEN
                SELECT count(*), min(unexpired.expires_at) INTO kept, kept_until FROM (
                    SELECT claim.expires_at FROM idempotency_keys AS claim
                    WHERE claim.token_digest = guest AND claim.expires_at > now() LIMIT most_keys + 1
                ) AS unexpired;
            END IF;
            RETURN QUERY
            SELECT cart, this_checkout, attempts.ended, attempts.declined, attempts.first_declined,
                   kept, kept_until, line.*
            FROM bookstore_ended_payments(cart, this_checkout) AS attempts
            LEFT JOIN bookstore_read_cart(cart, most_lines + 1) AS line ON true
            ORDER BY line.line_id;
        END $$
    """)


def downgrade() -> None:
    """Guests lose their carts, which nobody could open any more, and their keys."""
    op.execute("DROP FUNCTION bookstore_begin_checkout(integer, bytea, integer, integer)")
    op.execute("DROP FUNCTION bookstore_lock_cart(integer, bytea)")
    op.execute("DELETE FROM idempotency_keys WHERE user_id IS NULL")
    op.execute("""
        ALTER TABLE idempotency_keys
            DROP CONSTRAINT ck_idempotency_keys_one_owner,
            DROP CONSTRAINT uq_idempotency_keys_token_digest_key,
            DROP CONSTRAINT uq_idempotency_keys_user_id_key,
            DROP COLUMN id,
            DROP COLUMN token_digest,
            ALTER COLUMN user_id SET NOT NULL,
            ADD CONSTRAINT pk_idempotency_keys PRIMARY KEY (user_id, key)
    """)
    op.execute("DELETE FROM carts WHERE user_id IS NULL")
    op.execute("""
        ALTER TABLE carts
            DROP CONSTRAINT ck_carts_one_owner,
            DROP COLUMN last_used_at,
            DROP COLUMN token_digest,
            ALTER COLUMN user_id SET NOT NULL
    """)
    op.execute("""
        CREATE FUNCTION bookstore_lock_cart(owner integer) RETURNS TABLE (cart_id integer, checkout_number integer)
        LANGUAGE plpgsql VOLATILE ROWS 1 AS $$
        BEGIN
            RETURN QUERY SELECT carts.id, carts.checkout_number FROM carts WHERE carts.user_id = owner FOR UPDATE;
        END $$
    """)
    op.execute(f"""
        CREATE FUNCTION bookstore_begin_checkout(owner integer, most_lines integer, most_keys integer)
        RETURNS TABLE ({_COLUMNS})
        LANGUAGE plpgsql VOLATILE AS $$
        DECLARE
            cart integer;
            this_checkout integer;
        BEGIN
            SELECT locked.cart_id, locked.checkout_number INTO cart, this_checkout FROM bookstore_lock_cart(owner) AS locked;
            IF cart IS NULL AND most_keys IS NOT NULL THEN
                PERFORM FROM users WHERE users.id = owner FOR NO KEY UPDATE;
            END IF;
            RETURN QUERY
            SELECT cart, this_checkout, attempts.ended, attempts.declined, attempts.first_declined,
                   claimed.keys, claimed.first_until, line.*
            FROM bookstore_ended_payments(cart, this_checkout) AS attempts
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
