"""Where the reader is signed in, on a page."""

import pytest

from app.accounts.passwords import hash_password
from tests.support import Person
from tests.web.browser import Browser, forms

PASSWORD = "correct horse battery"


async def reader(browser: Browser) -> Person:
    return await browser.reader(hashed_password=await hash_password(PASSWORD))


async def session_ids(browser: Browser) -> list[str]:
    await browser.open("/account/sessions")
    return [form.fields["session_id"] for form in forms(browser.page.text) if "session_id" in form.fields]


async def test_sessions_of_browsers_and_apps_are_listed(browser: Browser):
    person = await reader(browser)
    credentials = {"email": person.email, "password": PASSWORD}
    tokens = (await browser.shop.client.post("/auth/login", json=credentials)).json()
    for _ in range(2):
        tokens = (
            await browser.shop.client.post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
        ).json()
    await browser.shop.rows("INSERT INTO users (email) VALUES ('other@example.com')")
    await browser.shop.rows(
        "INSERT INTO refresh_tokens (user_id, token_hash, token_family, expires_at, session_expires_at)"
        " SELECT id, 'x', gen_random_uuid(), now() + interval '1 day', now() + interval '1 day'"
        " FROM users WHERE email = 'other@example.com'"
    )
    assert len(await session_ids(browser)) == 2
    assert browser.text.count("This browser") == 1
    await browser.shop.client.post("/auth/logout", json={"refresh_token": tokens["refresh_token"]})
    assert len(await session_ids(browser)) == 1


async def test_an_old_session_is_not_listed(browser: Browser):
    person = await reader(browser)
    await browser.shop.rows(
        "INSERT INTO refresh_tokens (user_id, token_hash, token_family, expires_at, session_expires_at)"
        " VALUES (:id, 'x', gen_random_uuid(), now(), now() + interval '1 day')",
        id=person.id,
    )
    assert len(await session_ids(browser)) == 1


async def test_a_session_tells_since_when_it_is_open(browser: Browser):
    await reader(browser)
    await browser.shop.rows(
        "UPDATE refresh_tokens SET session_expires_at = '2099-03-31T08:00:00Z', expires_at = '2099-03-04T09:30:00Z'"
    )
    await browser.open("/account/sessions")
    assert "Signed in Mar 1, 2099" in browser.text
    assert "Ends Mar 4, 2099" in browser.text


async def test_one_session_is_ended(browser: Browser):
    person = await reader(browser)
    here = browser.client.cookies["bookstore_session"]
    (own,) = await session_ids(browser)
    await browser.sign_in(person)
    elsewhere = browser.client.cookies["bookstore_session"]
    browser.client.cookies.set("bookstore_session", here, domain="localhost.local")
    (other,) = set(await session_ids(browser)) - {own}
    await browser.send("/account/sessions/end", session_id=other)
    assert "That session has ended." in browser.text
    assert await session_ids(browser) == [own]
    browser.client.cookies.set("bookstore_session", elsewhere, domain="localhost.local")
    await browser.open("/account")
    assert browser.page.url.path == "/account/sign-in"


async def test_ending_the_session_that_looks_signs_out(browser: Browser):
    await reader(browser)
    (own,) = await session_ids(browser)
    await browser.send("/account/sessions/end", session_id=own)
    assert browser.page.url.path == "/"
    assert "bookstore_session" not in browser.client.cookies
    assert await browser.shop.scalar("SELECT count(*) FROM refresh_tokens WHERE revoked_at IS NULL") == 0


@pytest.mark.parametrize("session_id", ["c1f4aa80-a06f-4eb0-a2f1-773fa84d7b96", "x", ""])
async def test_a_session_that_is_none_of_ones_own_stays(browser: Browser, session_id: str):
    await reader(browser)
    others = await browser.shop.scalar("SELECT token_family FROM refresh_tokens")
    await browser.reader()
    await browser.open("/account/sessions")
    page = browser.page
    await browser.send("/account/sessions/end", session_id=session_id)
    browser.page = page
    await browser.send("/account/sessions/end", session_id=str(others))
    assert await browser.shop.scalar("SELECT count(*) FROM refresh_tokens WHERE revoked_at IS NULL") == 2


async def test_all_other_sessions_are_ended(browser: Browser):
    person = await reader(browser)
    await browser.sign_in(person)
    await browser.sign_in(person)
    assert len(await session_ids(browser)) == 3
    await browser.send("/account/sessions/end-others")
    assert "You are signed out everywhere else." in browser.text
    assert len(await session_ids(browser)) == 1
    assert "End all other sessions" not in browser.text


async def test_signing_in_again_ends_the_session_before(browser: Browser):
    person = await reader(browser)
    await browser.open("/")
    token = browser.page.text.split('data-csrf="')[1].split('"')[0]
    fields = {"csrf": token, "email": person.email, "password": PASSWORD}
    await browser.client.post("/account/sign-in", data=fields)
    assert await browser.shop.scalar("SELECT count(*) FROM refresh_tokens WHERE revoked_at IS NULL") == 1
