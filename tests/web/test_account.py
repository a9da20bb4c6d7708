"""The account on pages: who sees it, overview, profile, password."""

import pytest

from app.accounts.passwords import hash_password
from tests.support import Person
from tests.web.browser import Browser, forms

PASSWORD, OTHER_PASSWORD = "correct horse battery", "another horse battery"
PAGES = ["", "/orders", "/orders/1", "/orders/1/receipt", "/orders/1/cancel", "/wishlist", "/prebooks", "/notices"]
PAGES += ["/profile", "/password", "/sessions"]
ACTIONS = ["/orders/1/cancel", "/wishlist/move", "/wishlist/remove", "/prebooks/cancel", "/notices/read"]
ACTIONS += ["/notices/read-all", "/profile", "/password", "/sessions/end", "/sessions/end-others", "/verify/resend"]


async def reader(browser: Browser) -> Person:
    return await browser.reader(hashed_password=await hash_password(PASSWORD), display_name="Ann")


@pytest.mark.parametrize("page", PAGES)
async def test_a_guest_is_asked_to_sign_in_and_comes_back(browser: Browser, page: str):
    answer = await browser.client.get(f"/account{page}?x=1")
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/account/sign-in?next=/account{page}%3Fx%3D1"


@pytest.mark.parametrize("action", ACTIONS)
async def test_no_form_of_an_account_works_for_a_guest(browser: Browser, action: str):
    await browser.open("/")
    token = browser.page.text.split('data-csrf="')[1].split('"')[0]
    answer = await browser.client.post(f"/account{action}", data={"csrf": token})
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/account/sign-in")


@pytest.mark.parametrize("page", ["", "/orders", "/wishlist", "/prebooks", "/notices", "/profile", "/sessions"])
async def test_no_cache_keeps_what_is_private(browser: Browser, page: str):
    await browser.reader()
    answer = await browser.open(f"/account{page}")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.text.count("<h1") == 1
    assert 'aria-current="page"' in answer.text


async def test_the_overview_counts(browser: Browser):
    person = await reader(browser)
    books = [await browser.shop.book(stock_quantity=stock) for stock in (1, 0, 0)]
    for book in books:
        await browser.shop.client.post("/wishlist", headers=person.headers, json={"book_id": book})
    for book in books[1:]:
        await browser.shop.client.post("/prebooks", headers=person.headers, json={"book_id": book})
    await browser.open("/account")
    assert "Hello, Ann" in browser.text
    assert person.email in browser.text
    assert "Wishlist 3" in browser.text
    assert "Pre-bookings 2" in browser.text
    assert "Sessions 1" in browser.text
    assert "No orders yet" in browser.text


async def test_name_and_mails_are_changed(browser: Browser):
    person = await reader(browser)
    await browser.open("/account/profile")
    assert 'value="Ann"' in browser.page.text
    assert 'name="restock_mails" value="true" checked' in browser.page.text
    await browser.send("/account/profile", display_name="  Bea ")
    assert "Your profile is up to date." in browser.text
    row = (await browser.shop.rows("SELECT display_name, restock_mails FROM users"))[0]
    assert tuple(row) == ("Bea", False)
    assert "checked" not in browser.page.text
    await browser.send("/account/profile", display_name=" ", restock_mails="true")
    row = (await browser.shop.rows("SELECT display_name, restock_mails FROM users"))[0]
    assert tuple(row) == (None, True)
    assert f": Reader {person.id}" in browser.text


async def test_a_name_that_is_too_long_is_kept_in_the_form(browser: Browser):
    await reader(browser)
    await browser.open("/account/profile")
    await browser.send("/account/profile", display_name="x" * 51)
    assert browser.page.status_code == 422
    assert "Please use at most 50 characters." in browser.text
    assert f'value="{"x" * 51}"' in browser.page.text
    assert "checked" not in browser.page.text
    assert await browser.shop.scalar("SELECT display_name FROM users") == "Ann"


async def change(browser: Browser, current: str = PASSWORD, new: str = OTHER_PASSWORD) -> None:
    await browser.open("/account/password")
    await browser.send("/account/password", current_password=current, new_password=new)


async def test_another_password_ends_the_other_sessions(browser: Browser):
    person = await reader(browser)
    here = browser.client.cookies["bookstore_session"]
    await browser.sign_in(person)
    elsewhere = browser.client.cookies["bookstore_session"]
    browser.client.cookies.set("bookstore_session", here, domain="localhost.local")
    await change(browser)
    assert browser.page.url.path == "/account"
    assert "Your new password is set." in browser.text
    browser.client.cookies.set("bookstore_session", elsewhere, domain="localhost.local")
    await browser.open("/account")
    assert browser.page.url.path == "/account/sign-in"
    await browser.send("/account/sign-in", email=person.email, password=OTHER_PASSWORD)
    assert browser.page.url.path == "/account"


@pytest.mark.parametrize(
    ("current", "new", "field", "message"),
    [
        ("wrong", OTHER_PASSWORD, "current_password", "The current password is not correct."),
        ("", OTHER_PASSWORD, "current_password", "Please fill this in."),
        (PASSWORD, "short", "new_password", "Please use at least 8 characters."),
    ],
)
async def test_a_password_that_cannot_be_changed_so(
    browser: Browser, current: str, new: str, field: str, message: str
):
    await reader(browser)
    await change(browser, current, new)
    assert browser.page.status_code == 422
    assert message in browser.page.text.split(f'id="e-{field}"')[1].split("</p>")[0]
    assert OTHER_PASSWORD not in browser.page.text


async def test_changing_the_password_has_its_limit(browser: Browser):
    state = browser.shop.app.state
    state.settings = state.settings.model_copy(update={"rate_limit_enabled": True, "rate_limit_auth_per_minute": 1})
    await reader(browser)
    await change(browser, "wrong")
    await change(browser)
    assert browser.page.status_code == 429
    assert "Too many attempts." in browser.text


async def test_an_account_without_password_has_a_sentence(browser: Browser):
    await browser.reader()
    await browser.open("/account/password")
    assert "there is no password to change" in browser.text
    assert not [form for form in forms(browser.page.text) if form.action == "/account/password"]


async def test_the_menu_signs_out(browser: Browser):
    await reader(browser)
    await browser.open("/account")
    await browser.send("/account/sign-out")
    assert "You are signed out." in browser.text
    assert "bookstore_session" not in browser.client.cookies
