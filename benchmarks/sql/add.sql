-- What POST /cart/items writes, as its own transaction. \set book names the book.
BEGIN;
INSERT INTO carts (user_id) VALUES (:user) ON CONFLICT (user_id) DO UPDATE SET user_id = excluded.user_id RETURNING id AS cart \gset
SELECT stock_quantity FROM books WHERE id = :book;
INSERT INTO cart_items (cart_id, book_id, quantity) VALUES (:cart, :book, 1) ON CONFLICT DO NOTHING;
COMMIT;
