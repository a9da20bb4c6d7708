"""A shop that has been trading for a while, so that lists, charts and notices have something to show."""

import asyncio
import random
import re
from dataclasses import dataclass
from typing import Any

from httpx2 import AsyncClient, Response

from app.accounts.models import UserRole
from app.web.cookies import SESSION
from app.web.staff.uploads import IMPORT
from tests.addresses.support import GERMAN, US
from tests.addresses.support import add as add_address
from tests.support import Person, Shop
from tests.web.browser import Browser, forms, session_token

READERS = ("Ada Lindqvist", "Bashir Haddad", "Clara Weiß", "Dmitri Volkov", "Esi Mensah", "Farid Rahimi")
OPINIONS = (
    (5, "Read it in two nights, and then began again at the first page."),
    (5, "My grandmother gave it to me, and I have given it away four times since."),
    (4, "A slow start, but by the third chapter I had missed my stop twice."),
    (4, "Better than I remembered from school.\n\nThe last fifty pages are the reason to read it."),
    (3, "Well written, only I never came to like anybody in it."),
    (2, "Not for me: too many characters with names that begin with the same letter."),
)
SPRING_LIST = """title,author,price,isbn,stock,genre
Middlemarch,George Eliot,14.90,9780141439549,6,Classics
The Summer Book,Tove Jansson,11.50,9780954221713,9,Classics
A book without a price,Nobody in particular,,,,Classics
"""
GIVEN_UP = """
    UPDATE email_outbox SET status = 'dead', attempts = 8, last_error = 'Mailbox full (452 4.2.2)'
    WHERE id = (SELECT min(id) FROM email_outbox WHERE kind = 'order_confirmation')
"""
BACKDATED = """
    UPDATE {table} SET created_at = created_at - age.days * interval '1 day' - age.days * interval '37 minutes'
    FROM (SELECT id, (row_number() OVER (ORDER BY id DESC) - 1) * 2 AS days FROM orders) AS age
    WHERE {key} = age.id
"""


@dataclass(frozen=True)
class Scene:
    """Whom and what the visits need to know."""

    reader: Person
    """Has bought, reviewed, wished, waited and been told."""
    newcomer: Person
    """Has done nothing yet, and not confirmed the address."""
    staff: Person
    ids: dict[str, Any]
    """What paths are filled with."""


async def furnish(shop: Shop) -> Scene:
    """Trade for a while over the API of the running shop."""
    staff = await shop.person(role=UserRole.ADMIN, email="maud@bookstore.example", display_name="Maud")
    reader = await shop.person(email="johanna.ferreira@example.com", display_name="Johanna Ferreira")
    others = [
        await shop.person(email=f"{name.split()[0].lower()}@example.com", display_name=name) for name in READERS
    ]
    books = await shop.rows("SELECT id, title FROM books WHERE stock_quantity > 20 ORDER BY id")
    sold_out = [row[0] for row in await shop.rows("SELECT id FROM books WHERE stock_quantity = 0 ORDER BY id")]
    liked = [row[0] for row in books]
    orders = await _trade(shop, [reader, *others], liked)
    await _backdate(shop)
    cancelled = await _cancel(shop, staff, orders[reader.id][0])
    await _wish_and_wait(shop, staff, reader, liked, sold_out)
    fresh = await _buy(shop, reader, [liked[0], liked[7], liked[9]])
    await shop.add_to_cart(reader, liked[2], 2)
    await shop.add_to_cart(reader, liked[5])
    await shop.rows(GIVEN_UP)
    await _knock(shop, reader)
    await add_address(shop, reader, {**US, "street": "12 Harbour Street\nThe blue door"})
    ids = {
        "address_id": await add_address(shop, reader, GERMAN, label="Work"),
        "book_id": liked[0],
        "sold_out": sold_out[0],
        "order_id": fresh,
        "cancelled": cancelled,
        "user_id": others[0].id,
        "genre_id": await shop.scalar("SELECT min(id) FROM genres"),
        "location_id": await shop.scalar("SELECT min(id) FROM locations"),
        "method_id": await shop.scalar("SELECT min(id) FROM delivery_methods"),
        "zone_id": await shop.scalar("INSERT INTO delivery_zones (name) VALUES ('Germany') RETURNING id"),
        "rate_id": await shop.scalar(
            "INSERT INTO tax_rates (category, country, rate, valid_from, source)"
            " VALUES ('book', 'DE', 0.07, '2026-01-01', 'UStG § 12') RETURNING id"
        ),
        "access_token": await _buy_as_guest(shop, liked[3]),
        "dead_mail": await shop.scalar("SELECT id FROM email_outbox WHERE status = 'dead'"),
        "key": await _import(shop, staff),
        **await _links(shop),
    }
    return Scene(reader, await shop.person(email="nadia@example.com"), staff, ids)


async def _trade(shop: Shop, people: list[Person], liked: list[int]) -> dict[int, list[int]]:
    """Everybody buys some books, several times, and says what they think of them."""
    orders: dict[int, list[int]] = {person.id: [] for person in people}

    async def months_of(number: int, person: Person) -> None:
        chance = random.Random(number)
        for turn in range(5):
            basket = [liked[0]] if turn == 0 else chance.sample(liked[1:14], chance.randint(1, 3))
            orders[person.id].append(await _buy(shop, person, basket))
            if turn < 3 and person is not people[0]:
                rating, text = OPINIONS[(number + turn) % len(OPINIONS)]
                said = {"rating": rating, "text": text}
                await _told(
                    shop.client.post(f"/books/{basket[0]}/reviews", headers=person.headers, json=said), 201, 409
                )

    await asyncio.gather(*(months_of(number, person) for number, person in enumerate(people)))
    return orders


async def _buy(shop: Shop, person: Person, books: list[int]) -> int:
    for copies, book in enumerate(books, 1):
        await shop.add_to_cart(person, book, copies)
    answer = await shop.checkout(person)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


async def _buy_as_guest(shop: Shop, book: int) -> str:
    """The token that opens the order of somebody without an account."""
    token = (await shop.client.post("/cart")).json()["token"]
    headers = {"X-Cart-Token": token}
    await _told(shop.client.post("/cart/items", headers=headers, json={"book_id": book}), 201)
    body = {"email": "visitor@example.com", "name": "Vera Visitor"}
    answer = await shop.client.post("/orders/checkout", headers=headers, json=body)
    assert answer.status_code == 201, answer.text
    found: str = answer.json()["access_token"]
    return found


async def _backdate(shop: Shop) -> None:
    """Spread the orders over the months before today."""
    for table, key in (("order_events", "order_id"), ("reviews", "reviews.id"), ("orders", "orders.id")):
        await shop.rows(BACKDATED.format(table=table, key=key))


async def _cancel(shop: Shop, staff: Person, order: int) -> int:
    why = {"reason": "The last copy was damaged in our storeroom."}
    await _told(shop.client.post(f"/admin/orders/{order}/cancel", headers=staff.headers, json=why), 200)
    return order


async def _wish_and_wait(shop: Shop, staff: Person, reader: Person, liked: list[int], sold_out: list[int]) -> None:
    for book in (*liked[3:6], sold_out[0]):
        await _told(shop.client.post("/wishlist", headers=reader.headers, json={"book_id": book}), 201)
    for book in sold_out[:3]:
        await _told(shop.client.post("/prebooks", headers=reader.headers, json={"book_id": book}), 201)
    delivery = {"delta": 12, "kind": "restock", "reason": "Delivery"}
    path = f"/books/{sold_out[1]}/stock/adjustments"
    await _told(shop.client.post(path, headers=staff.headers, json=delivery), 200, 201)


async def _knock(shop: Shop, reader: Person) -> None:
    """Sign-ins that fail, and what else is refused."""
    phone = {"User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1"}
    for email in (reader.email, reader.email, reader.email, "nobody@example.com"):
        wrong = {"email": email, "password": "wrong horse battery"}
        await _told(shop.client.post("/auth/login", json=wrong, headers=phone), 400, 401)
    await _told(shop.client.get("/orders", headers={"Authorization": "Bearer forged"}), 401)
    await _told(shop.client.get("/admin/orders", headers=reader.headers), 403)
    await _told(shop.client.post("/basket/add", headers={"Origin": "https://elsewhere.example"}), 403)


async def _import(shop: Shop, staff: Person) -> str:
    """The key of a file that was checked and not imported yet."""
    cookies = {SESSION: await session_token(shop, staff)}
    async with AsyncClient(base_url=shop.client.base_url, cookies=cookies, follow_redirects=True) as client:
        browser = Browser(client, shop)
        page = await browser.open(IMPORT)
        action = next(form.action for form in forms(page.text) if "token" in form.action)
        answer = await client.post(action, files={"file": ("spring-list.csv", SPRING_LIST.encode(), "text/csv")})
        path = answer.url.path
        while (await client.get(f"{path}/progress")).json()["running"]:  # noqa: ASYNC110 - it runs elsewhere
            await asyncio.sleep(0.05)
    return path.rpartition("/")[2]


async def _links(shop: Shop) -> dict[str, str]:
    """The tokens of mailed links that nobody has used."""
    account = {"email": "linus@example.com", "password": "correct horse battery"}
    await _told(shop.client.post("/auth/register", json=account), 201)
    await _told(shop.client.post("/auth/password/forgot", json={"email": account["email"]}), 202)
    found = {}
    for kind in ("email_verification", "password_reset"):
        html = await shop.scalar("SELECT html FROM email_outbox WHERE kind = :kind ORDER BY id DESC", kind=kind)
        found[kind] = re.search(r"token=([\w-]+)", html)[1]  # type: ignore[index]
    return found


async def _told(answering: Any, *statuses: int) -> None:
    answer: Response = await answering
    assert answer.status_code in statuses, answer.text
