"""The stock ledger: append-only, opened for what is in stock."""

from alembic import op

revision = "a3b5c7d9e111"
down_revision = "e2f8a4b6c010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE stock_movements (
            id bigserial CONSTRAINT pk_stock_movements PRIMARY KEY,
            book_id integer CONSTRAINT fk_stock_movements_book_id_books REFERENCES books (id) ON DELETE SET NULL,
            book_title varchar(500) NOT NULL,
            delta integer NOT NULL CONSTRAINT ck_stock_movements_delta_not_zero CHECK (delta <> 0),
            quantity_after integer NOT NULL
                CONSTRAINT ck_stock_movements_quantity_after_not_negative CHECK (quantity_after >= 0),
            kind varchar(20) NOT NULL CONSTRAINT ck_stock_movements_kind CHECK (kind IN
                ('opening', 'sale', 'set', 'adjustment', 'restock', 'cancellation', 'removal')),
            reason varchar(200),
            order_id integer CONSTRAINT fk_stock_movements_order_id_orders REFERENCES orders (id) ON DELETE SET NULL,
            actor_user_id integer CONSTRAINT fk_stock_movements_actor_user_id_users REFERENCES users (id) ON DELETE SET NULL,
            created_at timestamptz NOT NULL DEFAULT now()
        )
    """)
    op.execute("CREATE INDEX ix_stock_movements_book_id_id ON stock_movements (book_id, id)")
    op.execute("CREATE INDEX ix_stock_movements_order_id ON stock_movements (order_id)")
    op.execute("CREATE INDEX ix_stock_movements_actor_user_id ON stock_movements (actor_user_id)")
    op.execute("""
        CREATE UNIQUE INDEX uq_stock_movements_order_id_book_id_sale ON stock_movements (order_id, book_id)
        WHERE kind = 'sale'
    """)
    op.execute("""
        CREATE FUNCTION bookstore_open_stock() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO stock_movements (book_id, book_title, delta, quantity_after, kind)
            VALUES (NEW.id, NEW.title, NEW.stock_quantity, NEW.stock_quantity, 'opening');
            RETURN NULL;
        END $$
    """)
    op.execute("""
        CREATE TRIGGER books_open_stock AFTER INSERT ON books
        FOR EACH ROW WHEN (NEW.stock_quantity <> 0) EXECUTE FUNCTION bookstore_open_stock()
    """)
    op.execute("""
        INSERT INTO stock_movements (book_id, book_title, delta, quantity_after, kind)
        SELECT id, title, stock_quantity, stock_quantity, 'opening' FROM books WHERE stock_quantity <> 0 ORDER BY id
    """)
    op.execute("""
        -- A foreign key's SET NULL runs inside the key's own trigger, hence the depth; nothing but references may change.
        CREATE FUNCTION bookstore_refuse_ledger_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'UPDATE' AND pg_trigger_depth() > 1
               AND (NEW.book_id IS NULL OR NEW.book_id = OLD.book_id)
               AND (NEW.order_id IS NULL OR NEW.order_id = OLD.order_id)
               AND (NEW.actor_user_id IS NULL OR NEW.actor_user_id = OLD.actor_user_id)
               AND to_jsonb(NEW) - 'book_id' - 'order_id' - 'actor_user_id'
                 = to_jsonb(OLD) - 'book_id' - 'order_id' - 'actor_user_id' THEN
                RETURN NEW;
            END IF;
            RAISE EXCEPTION 'stock_movements is append-only' USING ERRCODE = 'restrict_violation';
        END $$
    """)
    op.execute("""
        CREATE TRIGGER stock_movements_append_only BEFORE UPDATE OR DELETE ON stock_movements
        FOR EACH ROW EXECUTE FUNCTION bookstore_refuse_ledger_change()
    """)


def downgrade() -> None:
    op.execute("DROP TRIGGER books_open_stock ON books")
    op.execute("DROP FUNCTION bookstore_open_stock()")
    op.execute("DROP TABLE stock_movements")
    op.execute("DROP FUNCTION bookstore_refuse_ledger_change()")
