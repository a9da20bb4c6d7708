"""Rows for every list of the shop, few or many, all of one reader who is staff as well."""

from dataclasses import dataclass

from tests.support import Person, Shop

# `n` are the numbers to add, `fresh` the books that have come with them; `book` and `order` get all that lists of one
# thing show.
_ROWS = """
    INSERT INTO genres (name) SELECT 'Genre ' || n FROM n;
    INSERT INTO users (email) SELECT 'other' || n || '@example.com' FROM n;
    INSERT INTO books (title, author, price, isbn, stock_quantity, genre_id, publish_date, picked_at)
        SELECT 'House number ' || n, 'José García', 10, 'isbn' || n, n % 2 * 5, (SELECT min(id) FROM genres), '2020-01-01', now()
        FROM n;
    INSERT INTO orders (user_id) SELECT {person} FROM n;
    INSERT INTO order_items (order_id, book_id, quantity, unit_price)
        SELECT id, {book}, 1, 10 FROM orders WHERE user_id = {person} AND NOT EXISTS (SELECT FROM order_items WHERE order_id = orders.id);
    INSERT INTO order_items (order_id, book_id, quantity, unit_price) SELECT {order}, id, 1, 10 FROM fresh;
    INSERT INTO order_events (order_id, status) SELECT {order}, 'confirmed' FROM n;
    INSERT INTO reviews (user_id, book_id, rating, text) SELECT {person}, id, 4, 'Good.' FROM fresh;
    INSERT INTO reviews (user_id, book_id, rating, text)
        SELECT id, {book}, 2, 'Not good.' FROM users WHERE email IN (SELECT 'other' || n || '@example.com' FROM n);
    INSERT INTO wishlist_items (user_id, book_id) SELECT {person}, id FROM fresh;
    INSERT INTO addresses (user_id, address) SELECT {person}, '{{"country": "DE", "street": "Weg 1"}}' FROM n;
    INSERT INTO pre_bookings (user_id, book_id) SELECT {person}, id FROM fresh;
    INSERT INTO notices (user_id, kind, title, body, path) SELECT {person}, 'restock', 'T', 'B', '/' FROM n;
    INSERT INTO cart_items (cart_id, book_id)
        SELECT carts.id, books.id FROM carts, books JOIN fresh USING (id) WHERE user_id = {person} AND stock_quantity > 0;
    INSERT INTO stock_movements (book_id, book_title, delta, quantity_after, kind, actor_user_id)
        SELECT {book}, 'T', 1, n, 'adjustment', {person} FROM n;
    INSERT INTO email_outbox (message_id, kind, recipient, subject, html, text, status)
        SELECT 'm' || n, 'order_confirmation', 'a@example.com', 'S', 'H', 'T', 'dead' FROM n;
    INSERT INTO audit_events (actor_user_id, action, subject, subject_id, created_at)
        SELECT {person}, 'book.changed', 'book', {book}, now() - interval '1 hour' * n FROM n;
    INSERT INTO security_events (kind, user_id, network, detail, created_at, last_at)
        SELECT 'signed_in', {person}, '198.18.7.0/24', '{{"way": "password"}}', now() - interval '1 hour' * n, now() FROM n;
    INSERT INTO refresh_tokens (token_hash, token_family, user_id, expires_at, session_expires_at)
        SELECT 'hash' || n, gen_random_uuid(), {person}, now() + interval '1 day', now() + interval '1 day' FROM n;
"""
_WITH = """
    WITH n AS (SELECT n FROM generate_series({first}, {last}) AS n),
         fresh AS (SELECT books.id FROM books JOIN n ON isbn = 'isbn' || n.n)
"""


@dataclass(frozen=True)
class Crowd:
    """Whose rows they are, and what the pages and lists of one thing are asked of."""

    person: Person
    book: int
    order: int
    mail: int
    genre: int
    saved_address: int
    desk: dict[str, int]

    def address(self, template: str) -> str:
        return template.format(
            book_id=self.book,
            address_id=self.saved_address,
            order_id=self.order,
            user_id=self.person.id,
            staff_id=self.person.id,
            mail_id=self.mail,
            genre_id=self.genre,
            section="selling",
            **self.desk,
        )


async def first_of(shop: Shop) -> Crowd:
    """A reader who is staff, with a book, an order and an empty basket."""
    person = await shop.admin()
    book = await shop.book(title="The House", author="José García")
    order = await shop.scalar("INSERT INTO orders (user_id) VALUES (:id) RETURNING id", id=person.id)
    await shop.rows("INSERT INTO carts (user_id) VALUES (:id)", id=person.id)
    mail = await shop.scalar(
        "INSERT INTO email_outbox (message_id, kind, recipient, subject, html, text)"
        " VALUES ('m', 'order_confirmation', 'a@example.com', 'S', 'H', 'T') RETURNING id"
    )
    address = await shop.scalar(
        'INSERT INTO addresses (user_id, address) VALUES (:id, \'{"country": "DE"}\') RETURNING id', id=person.id
    )
    desk = {
        "location_id": await shop.scalar("SELECT min(id) FROM locations"),
        "method_id": await shop.scalar("SELECT min(id) FROM delivery_methods"),
        "zone_id": await shop.scalar("INSERT INTO delivery_zones (name) VALUES ('Germany') RETURNING id"),
        "rate_id": await shop.scalar(
            "INSERT INTO tax_rates (category, country, rate, valid_from, source)"
            " VALUES ('book', 'DE', 0.07, '2026-01-01', 'A leaflet') RETURNING id"
        ),
    }
    return Crowd(person, book, order, mail, await shop.genre("Houses"), address, desk)


async def add(shop: Shop, crowd: Crowd, first: int, last: int) -> None:
    """So many rows to each list, by their numbers."""
    numbers = {"person": crowd.person.id, "book": crowd.book, "order": crowd.order, "first": first, "last": last}
    for insertion in _ROWS.format(**numbers).split(";\n"):
        if insertion.strip():
            await shop.rows(_WITH.format(**numbers) + insertion)
