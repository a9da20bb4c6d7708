"""One buyer who clicks twice, changes the cart meanwhile, or uses two devices; prices that change meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import pytest
from httpx2 import Response

from app.core.config import Settings
from tests.processes.support import PATIENCE_SECONDS, Race, Tally, books, cart_of, outcomes, trading
from tests.support import Person

pytestmark = pytest.mark.timeout(PATIENCE_SECONDS)


async def test_double_submit_without_a_key(race: Race):
    """Shown to fail without its guard by tests/races/test_cart.py::test_one_cart_is_bought_once."""
    async for _ in race.rounds():
        person, book = await race.shop.person(), await race.shop.book()
        await race.shop.add_to_cart(person, book, 2)
        answers = await race.run(*(race.shop.checkout(person) for _ in range(8)), door=cart_of(person.id))
        assert outcomes(answers) == {"201": 1, "ORDER_CART_EMPTY": 7}
        assert {answer.status_code for answer in answers} == {201, 422}
        assert (await race.orders(person.id), await race.live_charges(person.id)) == (1, 1)
        assert (await race.stock(book), await race.sold(book)) == (8, 2)


async def test_double_submit_with_a_key(race: Race):
    """Shown to fail without its guard by tests/races/test_idempotency.py::test_eight_at_once_are_one_order_and_eight_equal_answers."""
    async for _ in race.rounds():
        person, book = await race.shop.person(), await race.shop.book()
        await race.shop.add_to_cart(person, book, 2)
        answers = await race.run(*(race.shop.checkout(person, "a-key") for _ in range(8)), door=cart_of(person.id))
        assert outcomes(answers) == {"201": 8}
        assert len({answer.content for answer in answers}) == 1
        assert sum(answer.headers.get("idempotent-replayed") == "true" for answer in answers) == 7
        assert (await race.orders(person.id), await race.live_charges(person.id)) == (1, 1)
        assert (await race.stock(book), await race.sold(book)) == (8, 2)


async def test_cart_changed_during_checkout(race: Race):
    """Shown to fail without its guards by the tests of tests/races/test_cart.py."""
    async for _ in race.rounds():
        person = await race.shop.person()
        kept, removed, added = [await race.shop.book() for _ in range(3)]
        line, other = [await race.shop.add_to_cart(person, book, 2) for book in (kept, removed)]
        client, headers = race.shop.client, person.headers
        sale, change, removal, addition = await race.run(
            race.shop.checkout(person),
            client.put(f"/cart/items/{line}", headers=headers, json={"quantity": 5}),
            client.delete(f"/cart/items/{other}", headers=headers),
            client.post("/cart/items", headers=headers, json={"book_id": added}),
            door=cart_of(person.id),
        )
        assert outcomes([sale, addition]) == {"201": 2}
        assert set(outcomes([change, removal])) <= {"200", "204", "CART_ITEM_NOT_FOUND"}
        expected = {kept: 5 if change.is_success else 2, added: 1}
        assert await race.copies(person.id) == expected | ({} if removal.is_success else {removed: 2})
        assert await race.sold(kept) == expected[kept]


async def test_two_sessions_of_one_buyer(race: Race):
    """Shown to fail without its guards by the tests of tests/races/test_cart.py; a cart does not know sessions."""
    async for _ in race.rounds():
        account, tokens = await race.register()
        again = (await race.shop.client.post("/auth/login", json=account)).raise_for_status().json()
        me = await race.shop.client.get("/auth/me", headers=bearer(tokens))
        phone, desk = [Person(me.json()["id"], account["email"], each["access_token"]) for each in (tokens, again)]
        first, second = [await race.shop.book() for _ in range(2)]
        line = await race.shop.add_to_cart(phone, first, 2)
        one, other, addition, change = await race.run(
            race.shop.checkout(phone),
            race.shop.checkout(desk),
            race.shop.client.post("/cart/items", headers=phone.headers, json={"book_id": second}),
            race.shop.client.put(f"/cart/items/{line}", headers=desk.headers, json={"quantity": 5}),
            door=cart_of(phone.id),
        )
        sales = outcomes([one, other])
        assert sales in ({"201": 2}, {"201": 1, "ORDER_CART_EMPTY": 1})
        assert addition.status_code == 201
        assert set(outcomes([change])) <= {"200", "CART_ITEM_NOT_FOUND"}
        assert await race.copies(phone.id) == {first: 5 if change.is_success else 2, second: 1}
        assert await race.orders(phone.id) == await race.live_charges(phone.id) == sales["201"]


def bearer(tokens: dict[str, str]) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['access_token']}"}


@pytest.fixture
async def price_watch(race: Race) -> AsyncIterator[None]:
    """A trigger that notes the price which a book has at the moment of each sale."""
    await race.raw.execute("""
        CREATE TABLE price_watch (order_id int, book_id int, price numeric);
        CREATE FUNCTION watch_price() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            INSERT INTO price_watch SELECT NEW.order_id, id, price FROM books WHERE id = NEW.book_id;
            RETURN NULL;
        END $$;
        CREATE TRIGGER watch_price AFTER INSERT ON stock_movements FOR EACH ROW
            WHEN (NEW.kind = 'sale') EXECUTE FUNCTION watch_price();
    """)
    yield
    await race.raw.execute("DROP TABLE price_watch; DROP FUNCTION watch_price CASCADE")


async def test_price_changed_during_checkout(race: Race, price_watch: None):
    """Shown to fail without its guards by tests/races/test_stock.py::test_the_price_under_the_lock_is_charged."""
    admin = await race.shop.admin()
    async for _ in race.rounds():
        pair = [await race.shop.book(stock_quantity=100) for _ in range(2)]
        people = await race.people(8)
        for person in people:
            await asyncio.gather(*(race.shop.add_to_cart(person, book, 2) for book in pair))
        changes = [(book, price) for book in pair for price in ("11.00", "12.50")]
        answers = await race.run(
            *(reprice(race, admin, book, price) for book, price in changes),
            *(race.shop.checkout(person) for person in people[:4]),
            *(race.shop.checkout(person, expected_total="40.00") for person in people[4:]),
            door=books(*pair),
        )
        assert outcomes(answers[:8]) == {"200": 4, "201": 4}
        for answer in answers[4:]:
            await assert_paid_what_it_cost(race, answer, guarded=answer in answers[8:])


def reprice(race: Race, admin: Person, book: int, price: str):
    return race.shop.client.put(f"/books/{book}", headers=admin.headers, json={"price": price})


async def assert_paid_what_it_cost(race: Race, answer: Response, *, guarded: bool) -> None:
    """The prices of the moment, and with `guarded` only if they came to what the buyer expected."""
    if not answer.is_success:
        assert guarded
        assert (answer.status_code, answer.json()["code"]) == (409, "ORDER_TOTAL_CHANGED")
        assert Decimal(answer.json()["current_total"]) > 40
        return
    order = answer.json()
    paid = {item["book_id"]: Decimal(item["unit_price"]) for item in order["items"]}
    watched = await race.raw.fetch("SELECT book_id, price FROM price_watch WHERE order_id = $1", order["id"])
    assert paid == dict(watched)
    total = sum(2 * price for price in paid.values())
    assert Decimal(order["total_price"]) == total
    charged = "SELECT amount FROM payment_attempts WHERE order_id = $1"
    assert await race.raw.fetchval(charged, order["id"]) == total
    assert total == 40 or not guarded


async def test_declines_between(database_url: str, settings: Settings, tally: Tally, tmp_path: Path):
    """Shown to fail without its guards by tests/races/test_idempotency.py::test_the_second_runs_itself_when_the_first_is_declined
    and tests/payments/test_attempts.py::test_after_a_decline_the_next_try_has_a_key_of_its_own.

    The shop is its own: half of its payments are declined.
    """
    async with trading(database_url, settings, tmp_path, PAYMENT_MOCK_SUCCESS_RATE="0.5") as premises:
        race = Race(premises, tally)
        async for _ in race.rounds():
            book, people = await race.shop.book(stock_quantity=20), await race.people(6)
            await asyncio.gather(*(race.shop.add_to_cart(person, book, 2) for person in people))
            await asyncio.gather(*(insist(race, person) for person in people))
            for person in people:
                assert (await race.orders(person.id), await race.live_charges(person.id)) == (1, 1)
            assert (await race.stock(book), await race.sold(book)) == (8, 12)


async def insist(race: Race, person: Person) -> None:
    """Click twice, with the key of the first click, until the order is there; it answers the same ever after."""
    key, answers = uuid4().hex, list[Response]()
    while "201" not in outcomes(answers):
        answers = await race.run(*(race.shop.checkout(person, key) for _ in range(2)))
        assert set(outcomes(answers)) <= {"201", "ORDER_PAYMENT_FAILED"}
    last = await race.shop.checkout(person, key)
    bought = [answer for answer in (*answers, last) if answer.is_success]
    assert {answer.content for answer in bought} == {last.content}
