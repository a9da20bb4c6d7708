"""For each law, statements that break it and no other. Triggers and foreign keys are off while they run."""

BOBS = "(SELECT orders.id FROM orders JOIN users ON users.id = user_id WHERE users.email = 'bob@example.com')"
TAXES = """
    jsonb_build_array(jsonb_build_object(
        'rate', '0.07', 'goods', (items_total - {discount})::text, 'delivery', '{delivery}', 'tax', '{tax}'))
"""
TO_BOB = "recipient = 'bob@example.com'"
ADD_MAIL = """
    INSERT INTO email_outbox (message_id, kind, recipient, subject, html, text, order_id)
    SELECT 'another', {kind}, recipient, subject, html, text, {order_id} FROM email_outbox WHERE {which}
"""
ADD_KEY = """
    INSERT INTO idempotency_keys (user_id, key, request_hash, response_status, response_body, expires_at)
    SELECT user_id, 'b', request_hash, {status}, {body}, expires_at FROM idempotency_keys
"""
HALVE = "UPDATE order_items SET quantity = 2, unit_price = unit_price / 2"
FAILED_ORDER = """
    WITH failed AS (
        INSERT INTO orders (user_id, status, payment_reference)
        SELECT id, 'payment_failed', 'r' FROM users LIMIT 1 RETURNING id, status
    ), noted AS (
        INSERT INTO order_events (order_id, status) SELECT id, status FROM failed
    )
"""
ADD_LINE = "INSERT INTO order_items (order_id, quantity, unit_price) SELECT id, {quantity}, 1 FROM failed;"
REFUND_OF = """
    WITH attempt AS (
        INSERT INTO payment_attempts (charge_key, user_id, amount, currency, outcome, voided_at)
        SELECT 'another', id, 1, 'USD', '{outcome}', {voided_at} FROM users LIMIT 1 RETURNING id
    )
    INSERT INTO payment_refunds (attempt_id, amount, reference) SELECT id, 1, 'r' FROM attempt
"""
SET_BODY = "UPDATE idempotency_keys SET response_body = {}"
BODY_TEXT = "convert_from(response_body, 'UTF8')"

KEPT_BESIDE = {
    "books_are_tallied",
    "words_are_gathered",
    "bitmaps_are_drawn_well",
    "sales_are_tallied",
    "orders_add_up",
}
"""Laws of what triggers keep beside the tables: what they would have done is done after the breaks of all others."""
KEEP_BESIDE = """
    DELETE FROM book_counters;
    INSERT INTO book_counters (delta) SELECT count(*) FROM books;
    INSERT INTO book_words (word) SELECT DISTINCT unnest(tsvector_to_array(search_vector)) FROM books;
    DELETE FROM sales_counters;
    INSERT INTO sales_counters (hour, orders, copies, revenue)
    SELECT date_trunc('hour', created_at, 'UTC'), count(DISTINCT orders.id), coalesce(sum(quantity), 0),
           coalesce(sum(line_total), 0)
    FROM orders LEFT JOIN order_items ON order_id = orders.id WHERE status = 'confirmed' GROUP BY 1;
    UPDATE orders SET items_total = lines.total, grand_total = lines.total
    FROM (SELECT order_id, sum(line_total) AS total FROM order_items GROUP BY order_id) AS lines
    WHERE order_id = orders.id;
"""

BREAKS: dict[str, tuple[str, ...]] = {
    "stock_not_negative": (
        """
        ALTER TABLE books DROP CONSTRAINT ck_books_stock_not_negative;
        ALTER TABLE stock_movements DROP CONSTRAINT ck_stock_movements_quantity_after_not_negative;
        INSERT INTO stock_movements (book_id, book_title, delta, quantity_after, kind)
        SELECT id, title, -stock_quantity - 1, -1, 'set' FROM books WHERE title = 'Dune';
        UPDATE books SET stock_quantity = -1 WHERE title = 'Dune';
        """,
    ),
    "stock_is_sum_of_movements": (
        "UPDATE books SET stock_quantity = stock_quantity + 1 WHERE title = 'Dune'",
        "INSERT INTO books (title, author, price, stock_quantity) VALUES ('New', 'A', 1, 3)",
        "DELETE FROM stock_movements WHERE kind = 'adjustment' AND book_title LIKE 'Emma%'",
    ),
    "movements_follow_one_another": (
        "UPDATE stock_movements SET quantity_after = quantity_after + 1 WHERE kind = 'opening' AND book_title = 'Dune'",
        "UPDATE stock_movements SET quantity_after = quantity_after + 1 WHERE kind = 'adjustment'",
        """
        UPDATE stock_movements SET delta = delta + CASE kind WHEN 'opening' THEN 2 ELSE -2 END
        WHERE book_title = 'Dune' AND kind IN ('opening', 'adjustment')
        """,
    ),
    "removed_ledgers_close": (
        "DELETE FROM stock_movements WHERE kind = 'removal'",
        "UPDATE stock_movements SET delta = delta + 1 WHERE kind = 'opening' AND book_id IS NULL",
        "UPDATE stock_movements SET quantity_after = quantity_after + 1 WHERE kind = 'removal'",
        # What a removal that bypasses the shop leaves behind.
        """
        INSERT INTO books (title, author, price) VALUES ('New', 'A', 1);
        INSERT INTO stock_movements (book_id, book_title, delta, quantity_after, kind) VALUES (NULL, 'New', 3, 3, 'set');
        DELETE FROM books WHERE title = 'New';
        """,
    ),
    "ratings_add_up": (
        "UPDATE books SET rating_sum = rating_sum + 1 WHERE title = 'Dune'",
        "UPDATE books SET rating_count = 1 WHERE title <> 'Dune'",
        "UPDATE reviews SET rating = 5",
        "UPDATE reviews SET deleted_at = NULL",
        "DELETE FROM reviews",
    ),
    "reviews_count_by_purchase": (
        """
        UPDATE reviews SET counts = true;
        UPDATE books SET rating_sum = rating_sum + 4, rating_count = rating_count + 1 WHERE title = 'Dune';
        """,
        """
        UPDATE reviews SET counts = false;
        UPDATE books SET rating_sum = 0, rating_count = 0;
        """,
    ),
    "books_are_tallied": (
        "INSERT INTO book_counters (delta) VALUES (-1)",
        "DELETE FROM book_counters",
        """
        INSERT INTO books (title, author, price) VALUES ('Uncounted', 'A', 1);
        INSERT INTO book_words (word) VALUES ('uncounted'), ('a');
        """,
    ),
    "words_are_gathered": (
        "DELETE FROM book_words WHERE word IN (SELECT (tsvector_to_array(search_vector))[1] FROM books)",
        "UPDATE books SET title = 'Ungathered' || id",
    ),
    "bitmaps_are_drawn_well": (
        "DELETE FROM stale_books; INSERT INTO frequent_prefixes (prefix, ready) VALUES ('dun', true)",
        """
        INSERT INTO frequent_prefixes (prefix, ready) VALUES ('dun', true);
        INSERT INTO prefix_bitmaps (prefix, chunk, hits, in_title) VALUES ('dun', 99, 8::bit(4096), 0::bit(4096));
        """,
        """
        DELETE FROM stale_books;
        INSERT INTO frequent_prefixes (prefix, ready) VALUES ('dune', true);
        INSERT INTO prefix_bitmaps (prefix, chunk, hits, in_title)
        SELECT 'dune', id / 4096, bit_or(set_bit(0::bit(4096), id % 4096, 1)), 0::bit(4096)
        FROM books WHERE title = 'Dune' GROUP BY 2;
        """,
    ),
    "cart_lines_name_books": ("INSERT INTO cart_items (cart_id, book_id) SELECT id, 999999 FROM carts LIMIT 1",),
    "orders_have_lines": (f"{FAILED_ORDER} SELECT FROM failed",),
    "orders_add_up": (
        f"UPDATE orders SET items_total = items_total - 1, delivery_total = 1 WHERE id = {BOBS}",
        f"{FAILED_ORDER} {ADD_LINE.format(quantity=1)}",
        f"""
        ALTER TABLE orders DROP CONSTRAINT ck_orders_totals_add_up;
        UPDATE orders SET delivery_total = 1 WHERE id = {BOBS};
        """,
    ),
    "parts_of_orders_add_up": (
        f"UPDATE order_items SET discount = 1 WHERE order_id = {BOBS}",
        f"UPDATE order_items SET tax = 0.01 WHERE order_id = {BOBS}",
        f"""
        UPDATE orders SET tax_mode = 'included', tax_total = 1,
            taxes = '[{{"rate": "0.07", "goods": "1.00", "delivery": "0.00", "tax": "1.00"}}]' WHERE id = {BOBS}
        """,
        f"UPDATE orders SET tax_mode = 'included', tax_total = 1 WHERE id = {BOBS}",
    ),
    "orders_say_who_buys": (
        f"{FAILED_ORDER.replace('user_id, ', '').replace('id, ', '', 1).replace(' FROM users LIMIT 1', '')} {ADD_LINE.format(quantity=1)}",
    ),
    "parcels_have_an_address": (
        f"""
        ALTER TABLE orders DROP CONSTRAINT ck_orders_shipped_somewhere;
        UPDATE orders SET delivery_kind = 'ship' WHERE id = {BOBS};
        """,
        f"UPDATE orders SET ship_to = '{{}}' WHERE id = {BOBS}",
    ),
    "sales_are_tallied": (
        "DELETE FROM sales_counters",
        "UPDATE sales_counters SET hour = hour - interval '1 hour'",
        "INSERT INTO sales_counters (hour, orders, copies, revenue) VALUES ('2020-01-01', 0, 0, 0.01)",
        "UPDATE sales_counters SET orders = orders + 1 WHERE orders <> 0",
        "UPDATE sales_counters SET copies = copies + 1 WHERE copies <> 0",
    ),
    "lines_are_positive": (
        f"""
        ALTER TABLE order_items DROP CONSTRAINT ck_order_items_unit_price_not_negative;
        UPDATE order_items SET unit_price = CASE WHEN book_id IS NULL THEN -0.01 ELSE 20.01 END
        WHERE order_id = {BOBS};
        """,
        f"""
        ALTER TABLE order_items DROP CONSTRAINT ck_order_items_quantity_positive;
        {FAILED_ORDER} {ADD_LINE.format(quantity=0)}
        """,
    ),
    "lines_match_sales": (
        f"{HALVE} WHERE book_id IS NOT NULL AND order_id = {BOBS}",
        f"{HALVE} WHERE book_id IS NULL AND order_id = {BOBS}",
        f"UPDATE order_items SET title = 'Other' WHERE book_id IS NULL AND order_id = {BOBS}",
        f"UPDATE stock_movements SET kind = 'set', order_id = NULL, actor_user_id = NULL WHERE order_id = {BOBS}",
        f"UPDATE stock_movements SET kind = 'sale', order_id = {BOBS} WHERE book_title = 'Dune' AND kind = 'adjustment'",
    ),
    "one_sale_per_order_and_book": (
        f"""
        DROP INDEX uq_stock_movements_order_id_book_id_sale;
        INSERT INTO order_items (order_id, book_id, quantity, unit_price)
        SELECT order_id, book_id, quantity, 0 FROM order_items
        WHERE book_id IS NOT NULL AND order_id = {BOBS};
        UPDATE books SET stock_quantity = stock_quantity - 1 WHERE title LIKE 'Emma%';
        INSERT INTO stock_movements (book_id, book_title, delta, quantity_after, kind, order_id)
        SELECT id, title, -1, stock_quantity, 'sale', {BOBS} FROM books WHERE title LIKE 'Emma%';
        """,
    ),
    "kept_answers_are_final": (
        ADD_KEY.format(status=0, body="''"),
        ADD_KEY.format(status=402, body="'{}'"),
        ADD_KEY.format(status=409, body="''"),
    ),
    "kept_answers_are_true": (
        SET_BODY.format(f"convert_to(replace({BODY_TEXT}, '20.00', '20.01'), 'UTF8')"),
        SET_BODY.format(f"convert_to(regexp_replace({BODY_TEXT}, '\\d+', '999999'), 'UTF8')"),
        SET_BODY.format(f"convert_to(regexp_replace({BODY_TEXT}, '\\d+', {BOBS}::text), 'UTF8')"),
        SET_BODY.format(r"'\x00ff'"),
        SET_BODY.format('\'{"id":1,"items":[]}\''),
    ),
    "one_key_per_order": (ADD_KEY.format(status=201, body="response_body"),),
    "orders_are_paid_for_once": (
        f"DELETE FROM payment_attempts WHERE order_id = {BOBS}",
        f"UPDATE payment_attempts SET amount = amount + 1 WHERE order_id = {BOBS}",
        f"UPDATE payment_attempts SET currency = 'EUR' WHERE order_id = {BOBS}",
        f"UPDATE payment_attempts SET voided_at = now() WHERE order_id = {BOBS}",
        f"""
        DROP INDEX uq_payment_attempts_order_id_live;
        UPDATE payment_attempts SET amount = amount - 1 WHERE order_id = {BOBS};
        INSERT INTO payment_attempts (charge_key, user_id, amount, currency, outcome, order_id)
        SELECT 'another', user_id, 1, currency, outcome, order_id FROM payment_attempts WHERE order_id = {BOBS};
        """,
    ),
    "charges_have_orders": (
        """
        INSERT INTO payment_attempts (charge_key, user_id, amount, currency, outcome)
        SELECT 'another', user_id, 1, 'USD', 'approved' FROM orders LIMIT 1
        """,
    ),
    "cart_turns_end_in_one_order": (
        "UPDATE carts SET checkout_number = 0 WHERE checkout_number = 1",
        """
        DROP INDEX uq_payment_attempts_cart_id_checkout_number_live;
        UPDATE payment_attempts SET checkout_number = 0;
        """,
    ),
    "refunds_within_charges": (
        "UPDATE payment_refunds SET amount = amount + 1",
        "INSERT INTO payment_refunds (attempt_id, amount, reference) VALUES (999999, 1, 'r')",
        REFUND_OF.format(outcome="declined", voided_at="NULL"),
        REFUND_OF.format(outcome="approved", voided_at="now()"),
    ),
    "cancelled_orders_are_refunded": (
        "DELETE FROM payment_refunds",
        "UPDATE payment_refunds SET amount = amount - 1",
        f"""
        INSERT INTO payment_refunds (attempt_id, amount, reference)
        SELECT id, amount, 'r' FROM payment_attempts WHERE order_id = {BOBS}
        """,
    ),
    "cancelled_orders_are_restocked": (
        "UPDATE stock_movements SET kind = 'set', order_id = NULL, actor_user_id = NULL WHERE kind = 'cancellation'",
        f"UPDATE stock_movements SET order_id = {BOBS} WHERE kind = 'cancellation'",
    ),
    "events_tell_the_status": (
        "DELETE FROM order_events WHERE status = 'cancelled'",
        f"DELETE FROM order_events WHERE order_id = {BOBS}",
    ),
    "orders_are_confirmed_once": (
        "DELETE FROM email_outbox WHERE recipient = 'bob@example.com'",
        "UPDATE email_outbox SET kind = 'restock' WHERE recipient = 'bob@example.com'",
        ADD_MAIL.format(kind="kind", order_id="order_id", which=TO_BOB),
    ),
    "cancellations_are_told_once": (
        "DELETE FROM email_outbox WHERE kind = 'order_cancelled'",
        ADD_MAIL.format(kind="kind", order_id="order_id", which="kind = 'order_cancelled'"),
    ),
    "mails_tell_of_orders": (
        ADD_MAIL.format(kind="kind", order_id="999999", which=TO_BOB),
        ADD_MAIL.format(kind="kind", order_id="NULL", which=TO_BOB),
        ADD_MAIL.format(kind="'order_cancelled'", order_id="order_id", which=TO_BOB),
        "UPDATE email_outbox SET recipient = 'ann@example.com' WHERE recipient = 'bob@example.com'",
    ),
    "one_live_token_per_session": (
        "UPDATE refresh_tokens SET revoked_at = NULL WHERE revoked_at IS NOT NULL",
        "UPDATE refresh_tokens SET expires_at = now() + interval '1 hour'",
    ),
    "deactivated_accounts_have_no_session": ("UPDATE users SET is_active = false WHERE email = 'bob@example.com'",),
    "staff_actions_are_on_record": (
        "DELETE FROM audit_events WHERE action = 'book.stock_adjusted'",
        "UPDATE audit_events SET created_at = created_at - interval '1 second' WHERE subject = 'book'",
        "UPDATE order_events SET actor_user_id = (SELECT min(id) FROM users) WHERE status = 'cancelled'",
    ),
    "account_changes_are_security_events": (
        "DELETE FROM security_events WHERE kind = 'account_deactivated'",
        "UPDATE security_events SET kind = 'account_promoted' WHERE kind = 'account_reactivated'",
        "UPDATE security_events SET last_at = last_at + interval '1 s', created_at = created_at + interval '1 s'",
        "UPDATE security_events SET user_id = (SELECT min(id) FROM users)",
    ),
    "nobody_waits_for_books_in_stock": (
        "INSERT INTO pre_bookings (user_id, book_id) SELECT users.id, books.id FROM users, books WHERE title = 'Dune'",
    ),
    "no_restock_passes_anybody_over": (
        "UPDATE pre_bookings SET created_at = created_at - interval '1 hour' WHERE status = 'waiting'",
    ),
    "pre_bookings_tell_their_times": (
        "UPDATE pre_bookings SET notified_at = now() WHERE status = 'waiting'",
        "UPDATE pre_bookings SET cancelled_at = now() WHERE status = 'waiting'",
        "UPDATE pre_bookings SET notified_at = NULL WHERE status = 'notified'",
        "UPDATE pre_bookings SET cancelled_at = now() WHERE status = 'notified'",
        "UPDATE pre_bookings SET cancelled_at = NULL WHERE status = 'cancelled'",
    ),
}

ALLOWED = {
    "orders stay when their accounts are removed": "DELETE FROM users WHERE email IN ('ann@example.com', 'bob@example.com')",
    "an address opens another account": """
        DELETE FROM users WHERE email = 'ann@example.com';
        INSERT INTO users (email, created_at) VALUES ('ann@example.com', now() + interval '1 second');
    """,
    "old mails are purged": """
        UPDATE orders SET created_at = now() - interval '31 days';
        UPDATE order_events SET created_at = now() - interval '31 days';
        DELETE FROM email_outbox;
    """,
    "bitmaps do not know what has changed since, or are still to be drawn": """
        INSERT INTO frequent_prefixes (prefix, ready) VALUES ('d', true);
        INSERT INTO prefix_bitmaps (prefix, chunk, hits, in_title)
        SELECT 'd', id / 4096, set_bit(0::bit(4096), id % 4096, 1), 0::bit(4096) FROM books LIMIT 1;
        INSERT INTO books (id, title, author, price) VALUES (999999, 'Emma', 'B', 1);
        DELETE FROM stale_books WHERE book_id = 999999;
        INSERT INTO frequent_prefixes (prefix) VALUES ('e');
    """,
    "an account without sessions is deactivated": """
        UPDATE refresh_tokens SET revoked_at = now();
        UPDATE users SET is_active = false;
    """,
    "a member of staff is removed": "DELETE FROM users WHERE role = 'ADMIN'",
    "old security events are purged": """
        SELECT set_config('bookstore.purging', 'security_events', true);
        DELETE FROM security_events WHERE created_at < now() - interval '1 hour';
    """,
    "an account that staff locked out is removed": "DELETE FROM users WHERE email = 'dora@example.com'",
    "a key is forgotten": "DELETE FROM idempotency_keys",
    "an order whose payment failed took no stock": f"{FAILED_ORDER} {ADD_LINE.format(quantity=1)}",
    "prices contain tax": f"""
        UPDATE orders SET tax_mode = 'included', tax_total = 0.95, taxes = {TAXES.format(discount=0, delivery=0, tax=0.95)}
        WHERE id = {BOBS}
    """,
    "tax, delivery and discount make up the price": f"""
        UPDATE order_items SET discount = 3, tax = 0.5 WHERE id = (SELECT min(id) FROM order_items WHERE order_id = {BOBS});
        UPDATE orders SET discount_total = 3, delivery_total = 2, tax_total = 1, tax_mode = 'added',
            taxes = {TAXES.format(discount=3, delivery=2, tax=1)} WHERE id = {BOBS}
    """,
    "an order is from before charges were on record": f"""
        UPDATE orders SET payment_reference = NULL WHERE id = {BOBS};
        DELETE FROM payment_attempts WHERE order_id = {BOBS};
    """,
    "charges that were voided or declined have no order": """
        INSERT INTO payment_attempts (charge_key, user_id, cart_id, checkout_number, amount, currency, outcome, voided_at)
        SELECT outcome, user_id, id, checkout_number, 1, 'USD', outcome, CASE outcome WHEN 'approved' THEN now() END
        FROM carts, unnest(ARRAY['approved', 'declined', 'errored']) AS outcome
        WHERE id = (SELECT max(id) FROM carts)
    """,
    "a book is removed whose order was cancelled": """
        INSERT INTO stock_movements (book_id, book_title, delta, quantity_after, kind)
        SELECT id, title, -stock_quantity, 0, 'removal' FROM books WHERE title = 'Dune';
        DELETE FROM books WHERE title = 'Dune';
    """,
    "a review is moderated": "UPDATE reviews SET deleted_at = now()",
    "a purchase is made once more": """
        WITH placed AS (
            INSERT INTO orders (user_id, status) SELECT id, 'payment_failed' FROM users WHERE email = 'ann@example.com'
            RETURNING id, status
        ), noted AS (
            INSERT INTO order_events (order_id, status) SELECT id, status FROM placed
        )
        INSERT INTO order_items (order_id, book_id, quantity, unit_price)
        SELECT placed.id, books.id, 1, 1 FROM placed, books WHERE title = 'Dune';
    """,
    "a pre-booking is cancelled after its notice": """
        UPDATE pre_bookings SET status = 'cancelled', cancelled_at = now() WHERE status = 'notified'
    """,
}
"""What may happen to a shop without breaking a law, with all triggers on."""
