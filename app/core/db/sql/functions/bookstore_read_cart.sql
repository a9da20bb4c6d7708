-- As the migrations leave it. Changed by a migration, then written by `make sql`.

CREATE OR REPLACE FUNCTION public.bookstore_read_cart(cart integer, most_lines integer)
 RETURNS TABLE(line_id integer, book_id integer, quantity integer, title character varying, author character varying, price numeric, cover_image_url character varying)
 LANGUAGE sql
 STABLE
AS $function$
SELECT line.id, line.book_id, line.quantity, books.title, books.author, books.price, books.cover_image_url
FROM cart_items AS line JOIN books ON books.id = line.book_id
WHERE line.cart_id = cart
ORDER BY line.id
LIMIT most_lines
$function$;
