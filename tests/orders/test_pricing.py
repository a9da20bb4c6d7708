"""What an order comes to is added up once, stored, and read by whoever tells of it."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncSession

from app.catalog.stock import LockedBook
from app.core.values import INT_MAX
from app.orders.models import Order, OrderItem
from app.orders.placed import NewLine
from app.orders.pricing import price
from app.orders.repository import OrderRepository
from tests.orders.support import sold, state_of
from tests.support import Shop, assert_problem

TOTALS = "SELECT items_total, discount_total, delivery_total, tax_total, grand_total FROM orders"
CHARGED = "SELECT amount FROM payment_attempts WHERE outcome = 'approved'"


@dataclass(frozen=True)
class Line:
    unit_price: Decimal
    quantity: int
    tax_category: str = "book"


PRICES = st.decimals(min_value=0, max_value=Decimal("99999999.99"), places=2)
LINES = st.lists(st.builds(Line, PRICES, st.integers(1, INT_MAX)), max_size=100)


def cents(amount: Decimal) -> int:
    assert amount == amount.quantize(Decimal("0.01"))
    return int(amount.scaleb(2))


@given(LINES)
def test_every_cent_of_every_line_is_in_the_totals(lines: list[Line]):
    """Compared in whole numbers, which cannot be rounded."""
    totals = price(lines)
    exact = [cents(line.unit_price) * line.quantity for line in lines]
    assert [cents(line.total) for line in totals.lines] == exact
    assert cents(totals.items_total) == sum(exact)
    assert totals.grand_total == (
        totals.items_total - totals.discount_total + totals.delivery_total + totals.tax_total
    )


def test_nothing_costs_nothing_with_two_decimals():
    totals = price([])
    assert (totals.lines, str(totals.items_total), str(totals.grand_total)) == ((), "0.00", "0.00")


async def test_a_sale_stores_what_it_charged(shop: Shop):
    person = await shop.person()
    for quantity, amount in ((2, "15.90"), (3, "0.10")):
        await shop.add_to_cart(person, await shop.book(price=Decimal(amount)), quantity)
    answer = await shop.checkout(person, expected_total="32.10")
    assert answer.json()["total_price"] == "32.10"
    assert await shop.rows(TOTALS) == [(Decimal("32.10"), 0, 0, 0, Decimal("32.10"))]
    assert await shop.rows("SELECT line_total FROM order_items ORDER BY id") == [
        (Decimal("31.80"),),
        (Decimal("0.30"),),
    ]
    assert await shop.scalar(CHARGED) == Decimal("32.10")


async def test_a_caller_that_does_not_price_has_its_lines_priced(shop: Shop):
    person, book = await shop.person(), await shop.book(price=Decimal("2.50"))

    async def work(session: AsyncSession) -> None:
        orders = OrderRepository(session)
        lines = [NewLine(book, 3) for book in await orders.lock_books([book])]
        order = await orders.create_order(person.id, lines, currency="USD", payment_reference=None)
        assert (order.items_total, order.grand_total) == (Decimal("7.50"), Decimal("7.50"))

    await shop.app.state.database.transaction(work)
    assert await shop.rows(TOTALS) == [(Decimal("7.50"), 0, 0, 0, Decimal("7.50"))]


async def test_lines_at_another_price_than_was_charged_are_not_sold(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    """As if the books were read without their lock. Seen to fail (201, charged 9.99 for lines of 10.00) when what was
    written is not compared with what was priced.
    """
    lock_books = OrderRepository.lock_books

    async def earlier(self: OrderRepository, book_ids: list[int]) -> list[LockedBook]:
        return [replace(book, price=Decimal("9.99")) for book in await lock_books(self, book_ids)]

    person = await shop.person()
    await shop.add_to_cart(person, await shop.book())
    before = await state_of(shop)
    monkeypatch.setattr(OrderRepository, "lock_books", earlier)
    assert_problem(await shop.checkout(person), 500, "INTERNAL_ERROR")
    assert await state_of(shop) == before
    assert await shop.scalar(f"{CHARGED} AND voided_at IS NULL") is None


@pytest.fixture
async def discounted(shop: Shop) -> dict[str, Any]:
    """An order of 20.00 of which 5.00 were taken off; its `person` and the answer of its checkout."""
    person = await shop.person()
    order = await sold(shop, person, price=Decimal("20.00"))
    await shop.rows("UPDATE orders SET discount_total = 5, grand_total = items_total - 5")
    return order | {"person": person}


async def test_the_api_tells_the_stored_total_of_the_items(shop: Shop, discounted: dict[str, Any]):
    admin, headers = await shop.admin(), discounted["person"].headers
    own = f"/orders/{discounted['id']}"
    for path, who in ((own, headers), ("/orders", headers), ("/admin/orders", admin.headers)):
        told = (await shop.client.get(path, headers=who)).json()
        assert (told if isinstance(told, dict) else told[0])["total_price"] == "20.00", path


async def test_the_mail_of_a_cancellation_tells_the_stored_grand_total(shop: Shop, discounted: dict[str, Any]):
    """Seen to fail (20.00) when the lines are added up."""
    answer = await shop.client.post(f"/orders/{discounted['id']}/cancel", headers=discounted["person"].headers)
    assert answer.status_code == 200
    text = await shop.scalar("SELECT text FROM email_outbox WHERE kind = 'order_cancelled'")
    assert "Books 20.00 Discount -5.00 Total 15.00 USD" in text


async def test_an_order_of_the_orm_has_the_totals_of_its_lines(shop: Shop):
    """Whoever inserts orders and lines need not know of totals."""
    person, book = await shop.person(), await shop.book()

    async def work(session: AsyncSession) -> int:
        order = Order(user_id=person.id)
        session.add(order)
        await session.flush()
        for quantity in (2, 1):
            session.add(OrderItem(order_id=order.id, book_id=book, quantity=quantity, unit_price=Decimal("15.90")))
            await session.flush()
        return order.id

    order = await shop.app.state.database.transaction(work)
    shown = (await shop.client.get(f"/orders/{order}", headers=person.headers)).json()
    assert shown["total_price"] == "47.70"
    assert await shop.rows(TOTALS) == [(Decimal("47.70"), 0, 0, 0, Decimal("47.70"))]
