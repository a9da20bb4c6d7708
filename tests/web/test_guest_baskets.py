"""The basket of a guest on pages: in the database, found by the cookie of the browser."""

import asyncio
from typing import Any

import pytest
from fastapi import Request

from app.accounts.passwords import hash_password
from app.web import cookies
from tests.web.browser import Browser
from tests.web.test_buying import PASSWORD, add, lines

GUESTS = "SELECT count(*) FROM carts WHERE user_id IS NULL"


def old_cookie(browser: Browser, basket: dict[int, int]) -> str:
    """A cookie as an earlier release wrote it."""
    request = Request({"type": "http", "app": browser.shop.app, "headers": []})
    carried = {"id": "0123456789abcdef" * 2, "basket": list(basket.items()), "seen": []}
    return str(cookies._signer(request, cookies.GUEST).dumps(carried))


def carry(browser: Browser, value: str) -> None:
    browser.client.cookies.clear()
    browser.client.cookies.set(cookies.GUEST, value, domain="localhost.local")


async def test_who_only_looks_has_no_row(browser: Browser):
    for path in ("/", "/basket"):
        await browser.open(path)
    await add(browser, 999_999)
    assert await browser.shop.scalar("SELECT count(*) FROM carts") == 0


async def test_an_old_basket_is_taken_over_once(browser: Browser):
    """Also a sold-out title; what is gone is told. A browser that sends the old cookie again gets the same basket."""
    books = [await browser.shop.book(title="Mort"), await browser.shop.book(title="Emma", stock_quantity=0)]
    gone = await browser.shop.book()
    await browser.shop.rows("DELETE FROM books WHERE id = :id", id=gone)
    value = old_cookie(browser, {books[0]: 2, gone: 1, books[1]: 3})
    for _ in range(2):
        carry(browser, value)
        await browser.open("/basket")
        assert lines(browser) == books
        assert "data-basket-count >5<" in browser.page.text
        await browser.open("/")
        assert "A book of your basket can no longer be bought" in browser.text
        await browser.open("/basket")
        assert lines(browser) == books
    assert await browser.shop.scalar(GUESTS) == 1


async def test_an_old_basket_stays_in_the_cookie_where_nothing_was_committed(browser: Browser):
    """Seen to fail when the cookie changed before COMMIT: the basket was lost."""
    book, none_left = await browser.shop.book(), await browser.shop.book(stock_quantity=0)
    carry(browser, old_cookie(browser, {book: 2}))
    await add(browser, none_left)
    await browser.open("/basket")
    assert lines(browser) == [book]


@pytest.mark.parametrize("in_cookie", [True, False])
async def test_a_failed_sign_in_keeps_the_basket(
    browser: Browser, monkeypatch: pytest.MonkeyPatch, *, in_cookie: bool
):
    """The transaction is rolled back behind the merge. Seen to fail when the cookie was written all the same."""
    from app.web.account.establishing import Entrance

    person = await browser.shop.person(hashed_password=await hash_password(PASSWORD))
    book = await browser.shop.book()
    if in_cookie:
        carry(browser, old_cookie(browser, {book: 2}))
    else:
        await add(browser, book, 2)
    welcome = Entrance.welcome

    async def crash(self: Entrance, tokens: Any) -> None:
        await welcome(self, tokens)
        raise RuntimeError("crash before COMMIT")

    with monkeypatch.context() as patched:
        patched.setattr(Entrance, "welcome", crash)
        await browser.open("/account/sign-in?next=/basket")
        assert (await browser.send("/account/sign-in", email=person.email, password=PASSWORD)).status_code == 500
    await browser.open("/basket")
    assert lines(browser) == [book]
    await browser.open("/account/sign-in?next=/basket")
    await browser.send("/account/sign-in", email=person.email, password=PASSWORD)
    assert lines(browser) == [book]
    assert await browser.shop.scalar(GUESTS) == 0


async def test_a_basket_that_went_while_the_page_was_open_is_told(browser: Browser):
    """Seen to fail when a new basket was made in silence."""
    book = await browser.shop.book(title="Mort")
    await add(browser, book)
    page = browser.page
    await browser.shop.rows("DELETE FROM carts")
    token = page.text.split('data-csrf="')[1].split('"')[0]
    fields = {"csrf": token, "book_id": book, "quantity": 1}
    browser.page = await browser.client.post("/basket/add", data=fields, follow_redirects=True)
    assert "no longer there" in browser.text
    await add(browser, book)
    assert lines(browser) == [book]


async def test_two_first_books_at_once_get_into_one_basket(live_browser: Browser):
    """Seen to fail with a random token for each."""
    browser = live_browser
    books = [await browser.shop.book() for _ in range(4)]
    await browser.open("/")
    token = browser.page.text.split('data-csrf="')[1].split('"')[0]
    await asyncio.gather(
        *(browser.client.post("/basket/add", data={"csrf": token, "book_id": book, "quantity": 1}) for book in books)
    )
    await browser.open("/basket")
    assert sorted(lines(browser)) == books
    assert await browser.shop.scalar(GUESTS) == 1


async def test_a_book_that_was_added_while_signing_in_is_brought_along(browser: Browser):
    """The cookie still tells of a guest's basket although there is a session."""
    book = await browser.shop.book()
    await add(browser, book, 2)
    person = await browser.shop.person()
    await browser.sign_in(person)
    await browser.open("/basket")
    assert lines(browser) == [book]
    assert await browser.shop.scalar("SELECT user_id FROM carts") == person.id
