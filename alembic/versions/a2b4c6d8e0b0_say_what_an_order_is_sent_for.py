"""Orders say who buys, what is sent where, and which tax is in them; they outlive accounts.

Revision ID: a2b4c6d8e0b0
Revises: c2d4f6a8b060
"""

from alembic import op

revision = "a2b4c6d8e0b0"
down_revision = "c2d4f6a8b060"
branch_labels = None
depends_on = None

# 32 characters of which none looks like another (Crockford's), eight of them at random. No number tells how many others
# there are. Of 2^40 numbers one that is taken is drawn again; what is left to chance, the unique index refuses.
NUMBER = """
    CREATE FUNCTION bookstore_order_number() RETURNS varchar LANGUAGE plpgsql VOLATILE AS $$
    DECLARE
        drawn bytea;
        candidate varchar;
    BEGIN
        LOOP
            -- A random UUID has six fixed bits, in its bytes 6 and 8: the first six bytes have none.
            drawn := uuid_send(gen_random_uuid());
            candidate := '';
            FOR place IN 0..7 LOOP
                candidate := candidate || substr(
                    '0123456789ABCDEFGHJKMNPQRSTVWXYZ',
                    1 + 16 * get_bit(drawn, place * 5) + 8 * get_bit(drawn, place * 5 + 1)
                      + 4 * get_bit(drawn, place * 5 + 2) + 2 * get_bit(drawn, place * 5 + 3)
                      + get_bit(drawn, place * 5 + 4),
                    1);
            END LOOP;
            candidate := substr(candidate, 1, 4) || '-' || substr(candidate, 5);
            EXIT WHEN NOT EXISTS (SELECT FROM orders WHERE orders.number = candidate);
        END LOOP;
        RETURN candidate;
    END $$
"""


def upgrade() -> None:
    """Orders of before were collected from nobody in particular: their delivery stays unsaid. Triggers are off while
    the rows are filled, which changes nothing that they keep.
    """
    op.execute("ALTER TABLE orders ADD COLUMN number varchar(9)")
    op.execute(NUMBER)
    op.execute("CREATE UNIQUE INDEX uq_orders_number ON orders (number)")
    op.execute("""
        ALTER TABLE orders
            ADD COLUMN email varchar(255),
            ADD COLUMN name varchar(100),
            ADD COLUMN delivery_kind varchar(10),
            ADD COLUMN delivery_method_id integer,
            ADD COLUMN delivery_name varchar(100),
            ADD COLUMN collect_at jsonb,
            ADD COLUMN ship_to jsonb,
            ADD COLUMN bill_to jsonb,
            ADD COLUMN tax_mode varchar(10) NOT NULL DEFAULT 'none',
            ADD COLUMN taxes jsonb NOT NULL DEFAULT '[]',
            ADD COLUMN access_token varchar(43)
    """)
    op.execute("""
        ALTER TABLE order_items
            ADD COLUMN discount numeric NOT NULL DEFAULT 0,
            ADD COLUMN tax_category varchar(10),
            ADD COLUMN tax_rate numeric(7, 5) NOT NULL DEFAULT 0,
            ADD COLUMN tax numeric NOT NULL DEFAULT 0,
            ADD CONSTRAINT ck_order_items_parts_not_negative
                CHECK (discount >= 0 AND tax_rate >= 0 AND tax >= 0)
    """)
    op.execute("ALTER TABLE orders DISABLE TRIGGER USER")
    op.execute("""
        UPDATE orders SET number = bookstore_order_number(), email = users.email, name = users.display_name
        FROM users WHERE users.id = orders.user_id
    """)
    op.execute("ALTER TABLE orders ENABLE TRIGGER USER")
    op.execute("""
        ALTER TABLE orders
            ALTER COLUMN number SET DEFAULT bookstore_order_number(),
            ALTER COLUMN number SET NOT NULL,
            ADD CONSTRAINT uq_orders_number UNIQUE USING INDEX uq_orders_number,
            ADD CONSTRAINT uq_orders_access_token UNIQUE (access_token),
            ADD CONSTRAINT ck_orders_shipped_somewhere CHECK (delivery_kind <> 'ship' OR ship_to IS NOT NULL),
            ADD CONSTRAINT ck_orders_delivery_kind_known CHECK (delivery_kind IN ('collect', 'ship')),
            ADD CONSTRAINT ck_orders_tax_mode_known CHECK (tax_mode IN ('none', 'included', 'added')),
            ADD CONSTRAINT ck_orders_untaxed CHECK (tax_mode <> 'none' OR tax_total = 0),
            DROP CONSTRAINT ck_orders_totals_add_up,
            ADD CONSTRAINT ck_orders_totals_add_up CHECK (
                grand_total = items_total - discount_total + delivery_total
                    + CASE WHEN tax_mode = 'added' THEN tax_total ELSE 0 END
            ),
            ALTER COLUMN user_id DROP NOT NULL,
            DROP CONSTRAINT fk_orders_user_id_users,
            ADD CONSTRAINT fk_orders_user_id_users FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE SET NULL
    """)
    op.execute("CREATE INDEX ix_orders_email ON orders (lower(email), created_at, id)")


def downgrade() -> None:
    """Orders of nobody's account go: the schema before has no place for them."""
    op.execute("DELETE FROM orders WHERE user_id IS NULL")
    op.execute("""
        ALTER TABLE order_items
            DROP COLUMN discount, DROP COLUMN tax_category, DROP COLUMN tax_rate, DROP COLUMN tax
    """)
    op.execute("""
        ALTER TABLE orders
            DROP CONSTRAINT ck_orders_totals_add_up,
            DROP COLUMN number, DROP COLUMN email, DROP COLUMN name, DROP COLUMN delivery_kind,
            DROP COLUMN delivery_method_id, DROP COLUMN delivery_name, DROP COLUMN collect_at, DROP COLUMN ship_to,
            DROP COLUMN bill_to, DROP COLUMN tax_mode, DROP COLUMN taxes, DROP COLUMN access_token,
            ADD CONSTRAINT ck_orders_totals_add_up CHECK (
                grand_total IN (items_total - discount_total + delivery_total,
                                items_total - discount_total + delivery_total + tax_total)
            ),
            ALTER COLUMN user_id SET NOT NULL,
            DROP CONSTRAINT fk_orders_user_id_users,
            ADD CONSTRAINT fk_orders_user_id_users FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
    """)
    op.execute("DROP FUNCTION bookstore_order_number()")
