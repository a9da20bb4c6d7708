"""A browser in which an account signed in has tries of its own, whatever strangers and neighbours use up."""

from collections import Counter
from typing import Any

import pytest
from httpx2 import ASGITransport, Response
from itsdangerous import URLSafeSerializer

from app.accounts import passwords
from app.accounts.places import Place
from app.web.cookies import BROWSER, SESSION
from tests.accounts.counters import BROWSER as OWN
from tests.accounts.counters import BROWSERS, PAIR, STRANGERS, use_up
from tests.accounts.support import NEW_PASSWORD, PASSWORD, hashed, limit, reader
from tests.support import Person
from tests.web.browser import Browser
from tests.web.test_account_register import mailed_token

HOME, TRAIN = "192.0.2.1", "203.0.113.7"
COMMON = "This is one of the most common passwords."
BUSY = "Many people are signing in at this moment."


def move(browser: Browser, address: str) -> None:
    """Carry the browser to another network."""
    browser.client._transport = ASGITransport(browser.shop.app, client=(address, 4711))


async def sign_in(browser: Browser, email: str, password: str = PASSWORD, address: str = TRAIN) -> Response:
    """The answer to the form, at that address."""
    move(browser, address)
    if SESSION in browser.client.cookies:
        browser.client.cookies.delete(SESSION)
    await browser.open("/account/sign-in")
    return await browser.send("/account/sign-in", follow=False, email=email, password=password)


async def at_home(browser: Browser) -> Person:
    """A reader who signed in with this browser at home; the limits are on."""
    limit(browser.shop, 1000)
    person = await reader(browser.shop)
    assert (await sign_in(browser, person.email, address=HOME)).status_code == 303
    return person


def given(answer: Response) -> list[str]:
    return [cookie for cookie in answer.headers.get_list("set-cookie") if cookie.startswith(f"{BROWSER}=")]


async def test_the_cookie_is_out_of_reach_and_lasts(browser: Browser):
    person = await reader(browser.shop)
    assert given(await sign_in(browser, person.email, "wrong horse battery")) == []
    (cookie,) = given(await sign_in(browser, person.email))
    assert {"HttpOnly", "SameSite=lax", f"Max-Age={180 * 86400}", "Path=/"} <= set(cookie.split("; "))


async def test_a_known_browser_signs_in_from_anywhere(browser: Browser):
    """Seen to fail (429) with the cookie not written, and with its choice taken out."""
    person = await at_home(browser)
    await use_up(browser.shop, person.email, STRANGERS)
    assert (await sign_in(browser, person.email)).status_code == 303
    browser.client.cookies.clear()
    assert (await sign_in(browser, person.email, address="203.0.113.8")).status_code == 429


async def test_whoever_sits_beside_the_owner_does_not_lock_the_browser_out(browser: Browser):
    """Seen to fail with the pair among the quotas of a browser."""
    person = await at_home(browser)
    await use_up(browser.shop, person.email, STRANGERS)
    await use_up(browser.shop, person.email, PAIR, place=Place(HOME))
    assert (await sign_in(browser, person.email, address=HOME)).status_code == 303


@pytest.mark.parametrize("own", [OWN, BROWSERS])
async def test_a_browser_whose_tries_are_used_up_is_a_stranger(browser: Browser, own: str):
    person = await at_home(browser)
    places = await browser.shop.rows("SELECT 1 FROM sign_in_places WHERE kind = 'browser'")
    assert len(places) == 1
    await use_up(browser.shop, person.email, own, place=Place(TRAIN, browser_id(browser)))
    assert (await sign_in(browser, person.email, "wrong horse battery")).status_code == 422
    await use_up(browser.shop, person.email, STRANGERS)
    assert (await sign_in(browser, person.email)).status_code == 429


def browser_id(browser: Browser) -> str:
    """What the shop reads from the cookie, whatever key it was signed with."""
    _, value = URLSafeSerializer("").loads_unsafe(browser.client.cookies[BROWSER])
    return str(value)


async def test_a_cookie_that_was_made_up_or_damaged_is_none(browser: Browser):
    person = await at_home(browser)
    cookie = browser.client.cookies[BROWSER]
    await use_up(browser.shop, person.email, STRANGERS)
    for value in ("", "x", browser_id(browser), cookie[:-1], cookie.swapcase()):
        browser.client.cookies.set(BROWSER, value, domain="localhost.local")
        assert (await sign_in(browser, person.email)).status_code == 429


async def test_the_browser_of_one_account_is_none_of_another(browser: Browser):
    await at_home(browser)
    other = await reader(browser.shop)
    await use_up(browser.shop, other.email, STRANGERS)
    assert (await sign_in(browser, other.email)).status_code == 429


async def test_two_people_may_share_a_browser(browser: Browser):
    """Seen to fail with another id at every sign-in."""
    people = [await at_home(browser), await reader(browser.shop)]
    assert (await sign_in(browser, people[1].email, address=HOME)).status_code == 303
    for person in people:
        await use_up(browser.shop, person.email, STRANGERS)
        assert (await sign_in(browser, person.email)).status_code == 303


async def test_a_browser_is_known_after_registering(browser: Browser):
    limit(browser.shop, 1000)
    move(browser, HOME)
    await browser.open("/account/register")
    await browser.send("/account/register", email="ann@example.com", password=PASSWORD)
    await use_up(browser.shop, "ann@example.com", STRANGERS)
    assert (await sign_in(browser, "ann@example.com")).status_code == 303


async def test_a_browser_is_known_after_a_reset(browser: Browser):
    """An owner whom strangers keep out is in again, and stays so. Seen to fail without `be_known`."""
    limit(browser.shop, 1000)
    person = await reader(browser.shop)
    move(browser, HOME)
    await browser.open("/account/forgot")
    await browser.send("/account/forgot", email=person.email)
    assert "the link of an earlier mail is as good" in browser.text
    await browser.open(f"/account/reset?token={await mailed_token(browser, 'password_reset')}")
    assert len(given(await browser.send("/account/reset", follow=False, new_password=NEW_PASSWORD))) == 1
    await use_up(browser.shop, person.email, STRANGERS)
    assert (await sign_in(browser, person.email, NEW_PASSWORD)).status_code == 303


async def test_who_ends_all_other_sessions_is_known_here_alone(browser: Browser):
    """Seen to fail with the browser left out of `end_others`."""
    person = await at_home(browser)
    other = dict(browser.client.cookies)[BROWSER]
    browser.client.cookies.clear()
    await sign_in(browser, person.email, address=HOME)
    await browser.open("/account/sessions")
    await browser.send("/account/sessions/end-others")
    await use_up(browser.shop, person.email, STRANGERS)
    assert (await sign_in(browser, person.email)).status_code == 303
    browser.client.cookies.set(BROWSER, other, domain="localhost.local")
    assert (await sign_in(browser, person.email, address="203.0.113.8")).status_code == 429


async def fill_in(browser: Browser, path: str, person: Person) -> Response:
    """Send the form of that page, rightly filled."""
    if path == "/account/password":
        await browser.sign_in(person)
    if path == "/account/reset":
        await browser.shop.client.post("/auth/password/forgot", json={"email": person.email})
        await browser.open(f"{path}?token={await mailed_token(browser, 'password_reset')}")
    else:
        await browser.open(path)
    fields = {
        "/account/sign-in": {"email": person.email, "password": PASSWORD},
        "/account/register": {"email": "new@example.com", "password": PASSWORD},
        "/account/password": {"current_password": PASSWORD, "new_password": NEW_PASSWORD},
        "/account/reset": {"new_password": NEW_PASSWORD},
    }[path]
    return await browser.send(path, follow=False, **fields)


@pytest.mark.parametrize("path", ["/account/sign-in", "/account/register", "/account/password", "/account/reset"])
async def test_a_crowd_is_told_of_above_the_form(browser: Browser, monkeypatch: pytest.MonkeyPatch, path: str):
    """Seen to fail with the seat taken out of each."""
    person = await reader(browser.shop)
    monkeypatch.setattr(passwords.queue, "_seats", Counter({"a crowd": 1000}))
    answer = await fill_in(browser, path, person)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "2"
    assert BUSY in answer.text.split('role="alert"')[1].split("</div>")[0]
    monkeypatch.setattr(passwords.queue, "_seats", Counter())
    assert (await fill_in(browser, path, person)).status_code == 303


@pytest.mark.parametrize(
    ("path", "field"),
    [("/account/register", "password"), ("/account/password", "new_password"), ("/account/reset", "new_password")],
)
async def test_a_common_password_is_refused_beside_the_field(browser: Browser, path: str, field: str):
    person = await browser.reader(hashed_password=hashed())
    if path == "/account/reset":
        await browser.shop.client.post("/auth/password/forgot", json={"email": person.email})
        await browser.open(f"{path}?token={await mailed_token(browser, 'password_reset')}")
    else:
        if path == "/account/register":
            browser.client.cookies.clear()
        await browser.open(path)
    sent: dict[str, Any] = {"email": "new@example.com", "current_password": PASSWORD, field: "password1"}
    await browser.send(path, **sent)
    assert browser.page.status_code == 422
    assert COMMON in browser.page.text.split(f'id="e-{field}"')[1].split("</p>")[0]


@pytest.mark.parametrize(
    ("name", "words"), [("Admin", "taken for the shop or its staff"), ("\u202eadA", "invisible")]
)
@pytest.mark.parametrize("path", ["/account/register", "/account/profile"])
async def test_a_name_is_refused_beside_its_field(browser: Browser, path: str, name: str, words: str):
    if path == "/account/profile":
        await browser.reader(display_name="Ann")
    await browser.open(path)
    account: dict[str, Any] = {"email": "new@example.com", "password": PASSWORD}
    fields = account if path == "/account/register" else {}
    await browser.send(path, display_name=name, **fields)
    assert browser.page.status_code == 422
    assert words in browser.page.text.split('id="e-display_name"')[1].split("</p>")[0]
    assert f'value="{name}"' in browser.page.text
    kept = [row.display_name for row in await browser.shop.rows("SELECT display_name FROM users")]
    assert kept == (["Ann"] if path == "/account/profile" else [])
