"""Payment attempts and refunds; a cart counts its turns."""

from alembic import op

revision = "f2a4b6c8d016"
down_revision = "e0f2a4b6c515"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE carts ADD COLUMN turn integer NOT NULL DEFAULT 0")
    op.execute("""
        CREATE TABLE payment_attempts (
            id bigserial CONSTRAINT pk_payment_attempts PRIMARY KEY,
            charge_key varchar(64) NOT NULL CONSTRAINT uq_payment_attempts_charge_key UNIQUE,
            user_id integer CONSTRAINT fk_payment_attempts_user_id_users REFERENCES users (id) ON DELETE SET NULL,
            cart_id integer,
            cart_turn integer,
            amount numeric NOT NULL CONSTRAINT ck_payment_attempts_amount_not_negative CHECK (amount >= 0),
            currency char(3) NOT NULL,
            outcome varchar(12) NOT NULL
                CONSTRAINT ck_payment_attempts_outcome CHECK (outcome IN ('approved', 'declined', 'errored')),
            reference varchar(64),
            order_id integer CONSTRAINT fk_payment_attempts_order_id_orders REFERENCES orders (id) ON DELETE SET NULL,
            created_at timestamptz NOT NULL DEFAULT now(),
            voided_at timestamptz
        )
    """)
    op.execute("CREATE INDEX ix_payment_attempts_user_id ON payment_attempts (user_id)")
    op.execute("CREATE INDEX ix_payment_attempts_cart_id_cart_turn ON payment_attempts (cart_id, cart_turn)")
    op.execute("""
        CREATE UNIQUE INDEX uq_payment_attempts_order_id_live ON payment_attempts (order_id)
        WHERE outcome = 'approved' AND voided_at IS NULL
    """)
    op.execute("""
        CREATE UNIQUE INDEX uq_payment_attempts_cart_id_cart_turn_live ON payment_attempts (cart_id, cart_turn)
        WHERE outcome = 'approved' AND voided_at IS NULL
    """)
    op.execute("""
        -- What was charged before attempts were kept.
        INSERT INTO payment_attempts
            (charge_key, user_id, amount, currency, outcome, reference, order_id, created_at)
        SELECT 'order-' || orders.id, orders.user_id, sum(line.unit_price * line.quantity), orders.currency,
               'approved', orders.payment_reference, orders.id, orders.created_at
        FROM orders JOIN order_items line ON line.order_id = orders.id
        WHERE orders.status = 'confirmed' AND orders.payment_reference IS NOT NULL
        GROUP BY orders.id
    """)
    op.execute("""
        CREATE TABLE payment_refunds (
            id bigserial CONSTRAINT pk_payment_refunds PRIMARY KEY,
            attempt_id bigint NOT NULL CONSTRAINT uq_payment_refunds_attempt_id UNIQUE
                CONSTRAINT fk_payment_refunds_attempt_id_payment_attempts REFERENCES payment_attempts (id),
            amount numeric NOT NULL CONSTRAINT ck_payment_refunds_amount_positive CHECK (amount > 0),
            reference varchar(64) NOT NULL,
            created_at timestamptz NOT NULL DEFAULT now()
        )
    """)


def downgrade() -> None:
    op.execute("DROP TABLE payment_refunds")
    op.execute("DROP TABLE payment_attempts")
    op.execute("ALTER TABLE carts DROP COLUMN turn")
