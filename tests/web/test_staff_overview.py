"""The back office: who may come in, the overview, and the check of the shop's laws."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from app.web.staff.uploads import COVER, IMPORT
from tests.support import Person
from tests.web.browser import Browser

PAGES = [
    "/staff",
    "/staff/verify",
    "/staff/sales",
    "/staff/books",
    "/staff/books/new",
    "/staff/books/1",
    "/staff/books/1/delete",
    "/staff/books/genres",
    "/staff/books/genres/1",
    IMPORT,
    f"{IMPORT}/{'0' * 32}",
    f"{IMPORT}/{'0' * 32}/progress",
    f"{IMPORT}/{'0' * 32}/rejected.csv",
    "/staff/delivery",
    "/staff/delivery/locations/1",
    "/staff/delivery/zones/1",
    "/staff/delivery/methods/1",
    "/staff/taxes",
    "/staff/taxes/1",
    "/staff/stock",
    "/staff/stock/1",
    "/staff/export/orders.csv",
]
FORMS = [
    "/staff/verify",
    "/staff/books/new",
    "/staff/books/1",
    "/staff/books/1/delete",
    "/staff/books/genres",
    "/staff/books/genres/1",
    "/staff/books/genres/1/delete",
    "/staff/delivery/locations/1",
    "/staff/delivery/zones/1",
    "/staff/delivery/methods/1",
    "/staff/taxes",
    "/staff/taxes/1",
    f"{IMPORT}/{'0' * 32}",
    "/staff/stock/1/set",
    "/staff/stock/1/adjust",
]


@pytest.mark.parametrize("path", PAGES)
async def test_guests_sign_in_first_and_readers_are_refused(browser: Browser, path: str):
    answer = await browser.client.get(path)
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/account/sign-in?next={path}"
    await browser.reader()
    answer = await browser.client.get(path)
    assert answer.status_code == 403
    assert "for its staff" in answer.text


@pytest.mark.parametrize("path", FORMS)
async def test_readers_cannot_send_the_forms_of_staff(browser: Browser, path: str):
    await browser.reader()
    token = (await browser.open("/")).text.split('data-csrf="')[1].split('"')[0]
    assert (await browser.client.post(path, data={"csrf": token})).status_code == 403
    await browser.staff()
    assert (await browser.client.post(path)).status_code == 403


@pytest.mark.parametrize("path", [COVER, IMPORT])
async def test_readers_cannot_upload(browser: Browser, path: str):
    from app.web.cookies import form_token

    await browser.reader()
    session = browser.client.cookies["bookstore_session"]
    request = type("Request", (), {"app": browser.shop.app})()
    token = form_token(request, f"{session}:{path}")
    answer = await browser.client.post(f"{path}?token={token}&book=1", files={"file": ("a.png", b"x")})
    assert answer.status_code == 403
    assert "for its staff" in answer.text


async def sell(browser: Browser, buyer: Person, price: str, *, at: datetime, title: str = "Mort") -> None:
    """A confirmed order of one copy at that time."""
    book = await browser.shop.book(title=title, price=Decimal(price))
    await browser.shop.add_to_cart(buyer, book)
    answer = await browser.shop.checkout(buyer)
    assert answer.status_code == 201
    await browser.shop.rows("UPDATE orders SET created_at = :at WHERE id = :id", at=at, id=answer.json()["id"])


async def test_the_figures_stand_beside_the_like_period(browser: Browser):
    now = await browser.shop.scalar("SELECT now()")
    buyer = await browser.shop.person()
    await sell(browser, buyer, "30.00", at=now)
    await sell(browser, buyer, "30.00", at=now)
    await sell(browser, buyer, "40.00", at=now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1))
    await browser.staff()
    await browser.open("/staff")
    text = browser.text
    assert "Revenue $60.00 +50.0 % against yesterday" in text
    assert "Orders 2 +100.0 % against" in text
    assert "Average order $30.00 -25.0 % against" in text
    assert "$100.00 from 3 orders" in text
    await browser.open("/staff?period=month")
    assert 'aria-current="page">This month' in browser.page.text
    await browser.open("/staff?period=nonsense")
    assert 'aria-current="page">Today' in browser.page.text


async def test_low_stock_best_sellers_and_dead_mails_are_shown(browser: Browser):
    await browser.shop.rows("DELETE FROM books")
    await browser.shop.book(title="Gone", stock_quantity=0)
    await browser.shop.book(title="Plenty", stock_quantity=11)
    await sell(
        browser, await browser.shop.person(), "9.00", at=await browser.shop.scalar("SELECT now()"), title="Sold well"
    )
    await browser.shop.rows("UPDATE email_outbox SET status = 'dead', attempts = 5")
    await browser.staff()
    await browser.open("/staff")
    assert "Gone Sold out" in browser.text
    assert "Plenty" not in browser.text
    assert "Sold well $9.00" in browser.text
    assert "Mails that could not be sent 1" in browser.text
    assert "Not checked" in browser.text


async def test_an_empty_shop_has_an_overview(browser: Browser):
    await browser.shop.rows("DELETE FROM books")
    await browser.staff()
    await browser.open("/staff")
    assert browser.page.status_code == 200
    assert "Nothing was sold" in browser.text
    assert "Every book has more" in browser.text
    assert browser.page.text.count("nothing to compare with") == 3


async def test_the_laws_are_checked_on_demand_and_the_result_is_kept(live_browser: Browser):
    browser = live_browser
    await browser.staff()
    await browser.shop.book()
    await browser.open("/staff/verify")
    assert "not checked from here yet" in browser.text
    await browser.send("/staff/verify")
    assert "All is well" in browser.text
    assert "The stock of a book is the sum of its movements. Holds" in browser.text
    await browser.open("/staff")
    assert "add up Yes" in browser.text
    await browser.shop.rows("UPDATE books SET stock_quantity = stock_quantity + 1")
    await browser.open("/staff/verify")
    await browser.send("/staff/verify")
    assert "1 broken" in browser.text
    assert "sum_of_movements 10" in browser.text
    await browser.open("/staff")
    assert "1 broken" in browser.text
    found = await browser.shop.rows("SELECT after FROM audit_events WHERE action = 'shop.verified' ORDER BY id")
    assert [row.after["broken"] for row in found] == [{}, {"stock_is_sum_of_movements": 1}]
