"""Each guard of the stock with the other one removed."""

import asyncio
from dataclasses import replace

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.cart import repository as cart_repository
from app.core.db.sessions import sessions_on
from app.orders import rules
from tests.orders.support import state_of
from tests.races.support import LEDGER_GAPS, Till, begin, blocked, buyers, outcomes
from tests.support import Shop

SALE_TWICE = """
    INSERT INTO stock_movements (book_id, book_title, delta, quantity_after, kind, order_id)
    SELECT book_id, book_title, delta, quantity_after, kind, order_id FROM stock_movements WHERE kind = 'sale'
"""
DROP_UNIQUE_KEYS = """
    DROP INDEX uq_payment_attempts_order_id_live, uq_payment_attempts_cart_id_checkout_number_live,
        uq_stock_movements_order_id_book_id_sale, uq_stock_movements_order_id_book_id_cancellation;
    ALTER TABLE payment_refunds DROP CONSTRAINT uq_payment_refunds_attempt_id
"""
STOCK = "SELECT stock_quantity FROM books"


@pytest.fixture
def unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkout that does not ask whether there is enough."""
    monkeypatch.setattr(rules, "short_lines", lambda *_: [])


@pytest.mark.usefixtures("unchecked")
async def test_without_the_application_check_the_constraint_prevents_overselling(live: Shop, till: Till):
    """Seen to fail with the constraint dropped as well: 201, and a stock of -1."""
    book = await live.book(stock_quantity=2)
    [person] = await buyers(live, book, 1, quantity=3)
    before = await state_of(live)
    answer = await live.checkout(person, key="a")
    assert answer.status_code == 500
    assert await state_of(live) == before
    assert till.voided == set(till.asked)
    assert len(till.asked) == 1


@pytest.mark.usefixtures("unchecked")
async def test_without_the_application_check_many_buyers_cannot_oversell(live: Shop, till: Till):
    """Seen to fail as the test before."""
    book = await live.book(stock_quantity=3)
    people = await buyers(live, book, 8)
    answers = await asyncio.gather(*(live.checkout(person) for person in people))
    assert outcomes(answers) == {"201": 3, "INTERNAL_ERROR": 5}
    assert await live.rows(STOCK) == [(0,)]
    assert await live.rows(LEDGER_GAPS) == []
    assert len(till.voided) == 5


async def test_without_the_constraint_the_application_check_prevents_overselling(live: Shop, raw: asyncpg.Connection):
    """Seen to fail with the application check removed as well, and without FOR UPDATE: all were sold."""
    await raw.execute("ALTER TABLE books DROP CONSTRAINT ck_books_stock_not_negative")
    await raw.execute("ALTER TABLE stock_movements DROP CONSTRAINT ck_stock_movements_quantity_after_not_negative")
    book = await live.book(stock_quantity=3)
    people = await buyers(live, book, 8)
    answers = await asyncio.gather(*(live.checkout(person) for person in people))
    assert outcomes(answers) == {"201": 3, "ORDER_INSUFFICIENT_STOCK": 5}
    assert await live.rows(STOCK) == [(0,)]
    assert await live.rows(LEDGER_GAPS) == []


async def test_without_the_unique_keys_the_locks_alone_make_one_order_one_refund_one_return(
    live: Shop, raw: asyncpg.Connection, till: Till
):
    """Seen to fail without the lock of the cart row: eight orders; without that of the order row: copies came back
    eight times."""
    await raw.execute(DROP_UNIQUE_KEYS)
    admin, book = await live.admin(), await live.book(stock_quantity=100)
    [person] = await buyers(live, book, 1, quantity=2)
    async with raw.transaction():
        await raw.execute("SELECT 1 FROM carts FOR UPDATE")
        tasks = [begin(live.checkout(person)) for _ in range(8)]
        await blocked(raw, *tasks)
    answers = await asyncio.gather(*tasks)
    assert outcomes(answers) == {"201": 1, "ORDER_CART_EMPTY": 7}
    assert len(till.asked) == 1
    [order] = [answer.json()["id"] for answer in answers if answer.status_code == 201]
    path, reason = f"/admin/orders/{order}/cancel", {"reason": "Damaged"}
    async with raw.transaction():
        await raw.execute("SELECT 1 FROM orders FOR UPDATE")
        tasks = [begin(live.client.post(path, headers=admin.headers, json=reason)) for _ in range(8)]
        await blocked(raw, *tasks)
    assert outcomes(await asyncio.gather(*tasks)) == {"200": 8}
    assert await live.scalar("SELECT count(*) FROM payment_refunds") == 1
    assert await live.rows(STOCK) == [(100,)]
    assert await live.rows(LEDGER_GAPS) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE books SET stock_quantity = -1",
        "UPDATE books SET price = 0",
        "UPDATE cart_items SET quantity = 0",
        "INSERT INTO cart_items (cart_id, book_id) SELECT cart_id, book_id FROM cart_items",
        "INSERT INTO carts (user_id) SELECT user_id FROM carts",
        "INSERT INTO order_items (order_id, book_id, quantity, unit_price) SELECT id, NULL, 0, 1 FROM orders",
        "INSERT INTO order_items (order_id, book_id, quantity, unit_price) SELECT id, NULL, 1, -1 FROM orders",
        "UPDATE stock_movements SET delta = 5",
        "DELETE FROM stock_movements",
        SALE_TWICE,
    ],
)
async def test_the_database_holds_the_law_as_well(shop: Shop, connection, statement: str):
    """Each statement is refused by a constraint, a unique key or the trigger of the ledger."""
    person, book = await shop.person(), await shop.book()
    for _ in range(2):
        await shop.add_to_cart(person, book)
        assert await shop.scalar("SELECT count(*) FROM cart_items") == 1
        await shop.checkout(person)
    await shop.add_to_cart(person, book)
    async with sessions_on(connection, join_transaction_mode="create_savepoint")() as session:
        with pytest.raises(IntegrityError):
            await session.execute(text(statement))


async def test_without_the_cart_lock_a_line_is_still_unique(
    live: Shop, raw: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
):
    """The unique key alone: with adds that do not lock the cart there is still one line, and nobody gets a 5xx."""

    locking = cart_repository._OF_ACCOUNTS
    unlocked = replace(locking, add=locking.add.replace("FOR UPDATE", ""))
    assert unlocked != locking
    monkeypatch.setattr(cart_repository, "_OF_ACCOUNTS", unlocked)
    person, book = await live.person(), await live.book()
    await raw.execute("INSERT INTO carts (user_id) VALUES ($1)", person.id)
    adds = (live.client.post("/cart/items", headers=person.headers, json={"book_id": book}) for _ in range(8))
    assert outcomes(await asyncio.gather(*adds)) == {"201": 1, "CART_ITEM_DUPLICATE": 7}
