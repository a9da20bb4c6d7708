-- What POST /cart/items writes, as its own transaction. \set book names the book.
BEGIN;
SELECT id AS cart FROM carts WHERE user_id = :user FOR UPDATE \gset
SELECT stock_quantity FROM books WHERE id = :book;
INSERT INTO cart_items (cart_id, book_id, quantity) VALUES (:cart, :book, 1) ON CONFLICT DO NOTHING;
COMMIT;
