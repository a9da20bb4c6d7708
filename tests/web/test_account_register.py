"""Opening an account, and mailed links, on pages."""

import re
from typing import Any

import pytest

from app.accounts.passwords import hash_password
from tests.web.browser import Browser, forms

PASSWORD = "correct horse battery"


async def register(browser: Browser, goal: str = "/account", **fields: Any) -> None:
    await browser.open(f"/account/register?next={goal}")
    await browser.send("/account/register", **{"email": "ann@example.com", "password": PASSWORD} | fields)


async def mailed_token(browser: Browser, kind: str) -> str:
    html = await browser.shop.scalar("SELECT html FROM email_outbox WHERE kind = :kind ORDER BY id DESC", kind=kind)
    return re.search(r"token=([\w-]+)", html)[1]  # type: ignore[index]


async def verified(browser: Browser) -> bool:
    return await browser.shop.scalar("SELECT email_verified_at IS NOT NULL FROM users")


async def test_a_reader_opens_an_account_and_is_signed_in(browser: Browser):
    await register(browser, "/shop", display_name="  Ann  ", email="Ann@Example.com")
    assert browser.page.url.path == "/shop"
    assert "Welcome. We wrote to ann@example.com" in browser.text
    assert ": Ann" in browser.text
    row = (await browser.shop.rows("SELECT email, display_name, email_verified_at FROM users"))[0]
    assert tuple(row) == ("ann@example.com", "Ann", None)
    assert await browser.shop.scalar("SELECT count(*) FROM email_outbox WHERE kind = 'email_verification'") == 1


async def test_the_session_is_one_of_browsers(browser: Browser):
    await register(browser)
    token = browser.client.cookies["bookstore_session"]
    answer = await browser.client.post("/auth/refresh", json={"refresh_token": token})
    assert answer.json()["code"] == "AUTH_REFRESH_INVALID"


async def test_the_basket_of_a_guest_comes_along(browser: Browser):
    book = await browser.shop.book()
    await browser.open("/")
    token = browser.page.text.split('data-csrf="')[1].split('"')[0]
    await browser.client.post("/basket/add", data={"csrf": token, "book_id": book, "quantity": 2})
    await register(browser, "/basket")
    assert "data-basket-count >2<" in browser.page.text
    assert await browser.shop.scalar("SELECT quantity FROM cart_items") == 2


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"email": "ann@nowhere"}, "Must be a complete e-mail address"),
        ({"email": ""}, "Please fill this in."),
        ({"password": "short"}, "Please use at least 8 characters."),
        ({"password": ""}, "Please fill this in."),
        ({"display_name": "x" * 51}, "Please use at most 50 characters."),
    ],
)
async def test_what_is_wrong_stands_beside_the_field_and_nothing_typed_is_lost(
    browser: Browser, fields: dict[str, str], message: str
):
    await register(browser, "/shop", **{"display_name": "Ann"} | fields)
    assert browser.page.status_code == 422
    assert message in browser.text
    assert 'role="alert"' in browser.page.text
    shown = forms(browser.page.text)[-1].fields
    assert shown["display_name"] == fields.get("display_name", "Ann")
    assert shown["email"] == fields.get("email", "ann@example.com")
    assert shown["password"] == ""
    assert shown["next"] == "/shop"
    assert await browser.shop.scalar("SELECT count(*) FROM users") == 0


async def test_an_address_that_has_an_account(browser: Browser):
    await browser.shop.person(email="ann@example.com")
    await register(browser)
    assert browser.page.status_code == 422
    assert "exists already. Sign in instead." in browser.text
    assert 'id="e-email"' in browser.page.text
    assert "bookstore_session" not in browser.client.cookies


async def test_too_many_registrations_from_one_address(browser: Browser):
    state = browser.shop.app.state
    state.settings = state.settings.model_copy(update={"rate_limit_enabled": True, "rate_limit_auth_per_minute": 1})
    await register(browser, email="taken@nowhere")
    await register(browser)
    browser.client.cookies.delete("bookstore_session")
    await register(browser, email="bob@example.com")
    assert browser.page.status_code == 429
    assert int(browser.page.headers["retry-after"]) > 0
    assert "Too many attempts." in browser.text
    assert forms(browser.page.text)[-1].fields["email"] == "bob@example.com"
    assert await browser.shop.scalar("SELECT count(*) FROM users") == 1


@pytest.mark.parametrize("path", ["/account/register", "/account/sign-in"])
async def test_who_is_signed_in_goes_on(browser: Browser, path: str):
    await browser.reader()
    answer = await browser.client.get(f"{path}?next=/basket")
    assert (answer.status_code, answer.headers["location"]) == (303, "/basket")


async def test_looking_at_a_confirmation_link_uses_nothing_up(browser: Browser):
    await register(browser)
    path = f"/account/verify?token={await mailed_token(browser, 'email_verification')}"
    for _ in range(2):
        await browser.open(path)
        assert browser.page.status_code == 200
        assert browser.page.headers["cache-control"] == "no-store"
        assert not await verified(browser)
    await browser.send("/account/verify")
    assert "Your e-mail address is confirmed." in browser.text
    assert browser.page.url.path == "/account"
    assert await verified(browser)
    assert "Confirmed" in browser.text


async def test_a_guest_confirms_and_is_asked_to_sign_in(browser: Browser):
    await register(browser)
    browser.client.cookies.clear()
    await browser.open(f"/account/verify?token={await mailed_token(browser, 'email_verification')}")
    await browser.send("/account/verify")
    assert browser.page.url.path == "/account/sign-in"
    assert "Your e-mail address is confirmed." in browser.text
    assert await verified(browser)


async def test_a_confirmation_link_is_good_once(browser: Browser):
    await register(browser)
    path = f"/account/verify?token={await mailed_token(browser, 'email_verification')}"
    await browser.open(path)
    page = browser.page
    await browser.send("/account/verify")
    browser.page = page
    await browser.send("/account/verify")
    assert browser.page.status_code == 400
    assert "This link is not valid any more" in browser.text
    assert (await browser.open(path)).status_code == 400


@pytest.mark.parametrize("path", ["/account/verify", "/account/reset"])
@pytest.mark.parametrize("query", ["", "?token=", "?token=none", f"?token={'x' * 3000}", "?token=%C3%BC"])
async def test_a_link_that_is_none(browser: Browser, path: str, query: str):
    await browser.open(path + query)
    assert browser.page.status_code == 400
    assert "This link is not valid any more" in browser.text


async def test_a_link_for_one_thing_does_not_do_another(browser: Browser):
    await register(browser)
    token = await mailed_token(browser, "email_verification")
    assert (await browser.open(f"/account/reset?token={token}")).status_code == 400


async def test_another_confirmation_mail(browser: Browser):
    await register(browser)
    await browser.open("/account")
    assert "Not confirmed yet" in browser.text
    await browser.send("/account/verify/resend")
    assert "A mail to ann@example.com is on its way" in browser.text
    assert await browser.shop.scalar("SELECT count(*) FROM email_outbox WHERE kind = 'email_verification'") == 2
    await browser.open(f"/account/verify?token={await mailed_token(browser, 'email_verification')}")
    await browser.send("/account/verify")
    assert not [form for form in forms(browser.page.text) if form.action == "/account/verify/resend"]


async def test_who_forgot_the_password_sets_a_new_one(browser: Browser):
    person = await browser.shop.person(hashed_password=await hash_password(PASSWORD))
    await browser.open("/account/forgot")
    await browser.send("/account/forgot", email=person.email)
    assert browser.page.url.path == "/account/sign-in"
    assert f"If there is an account for {person.email}, a mail" in browser.text
    await browser.open(f"/account/reset?token={await mailed_token(browser, 'password_reset')}")
    await browser.send("/account/reset", new_password="short")
    assert browser.page.status_code == 422
    assert "at least 8 characters" in browser.text
    await browser.send("/account/reset", new_password="another horse battery")
    assert browser.page.url.path == "/account/sign-in"
    assert "Your new password is set." in browser.text
    await browser.send("/account/sign-in", email=person.email, password="another horse battery")
    assert browser.page.url.path == "/account"


async def test_a_new_password_ends_the_session_of_the_browser_that_sets_it(browser: Browser):
    person = await browser.reader()
    await browser.open("/account/forgot")
    assert forms(browser.page.text)[-1].fields["email"] == person.email
    await browser.send("/account/forgot", email=person.email)
    await browser.open(f"/account/reset?token={await mailed_token(browser, 'password_reset')}")
    await browser.send("/account/reset", new_password="another horse battery")
    assert "Your new password is set." in browser.text
    assert "bookstore_session" not in browser.client.cookies


async def test_a_reset_link_is_good_once_and_for_an_hour(browser: Browser):
    person = await browser.shop.person()
    await browser.open("/account/forgot")
    await browser.send("/account/forgot", email=person.email)
    path = f"/account/reset?token={await mailed_token(browser, 'password_reset')}"
    await browser.open(path)
    await browser.shop.rows("UPDATE account_links SET expires_at = expires_at - interval '1 hour'")
    await browser.send("/account/reset", new_password=PASSWORD)
    assert browser.page.status_code == 400
    assert 'href="/account/forgot"' in browser.page.text
    assert await browser.shop.scalar("SELECT hashed_password FROM users") is None


async def test_the_answer_to_a_stranger_is_the_same(browser: Browser):
    await browser.open("/account/forgot")
    await browser.send("/account/forgot", email="nobody@example.com")
    assert "If there is an account for nobody@example.com, a mail" in browser.text
    assert await browser.shop.scalar("SELECT count(*) FROM email_outbox") == 0
    await browser.open("/account/forgot")
    await browser.send("/account/forgot", email="nobody")
    assert browser.page.status_code == 422
    assert forms(browser.page.text)[-1].fields["email"] == "nobody"


@pytest.mark.parametrize("path", ["/account/forgot", "/account/verify", "/account/reset"])
async def test_each_form_has_its_limit(browser: Browser, path: str):
    state = browser.shop.app.state
    state.settings = state.settings.model_copy(update={"rate_limit_enabled": True, "rate_limit_auth_per_minute": 1})
    fields = {"email": "ann@example.com", "token": "none", "new_password": PASSWORD}
    for status in (None, 429):
        await browser.open("/account/forgot")
        token = forms(browser.page.text)[-1].fields["csrf"]
        answer = await browser.client.post(path, data=fields | {"csrf": token})
        assert status is None or answer.status_code == status
    assert "Too many attempts." in answer.text


async def test_another_mail_has_its_limit(browser: Browser):
    state = browser.shop.app.state
    state.settings = state.settings.model_copy(update={"rate_limit_enabled": True, "rate_limit_auth_per_minute": 1})
    await browser.reader()
    for said in ("is on its way", "Too many attempts."):
        await browser.open("/account")
        await browser.send("/account/verify/resend")
        assert said in browser.text
