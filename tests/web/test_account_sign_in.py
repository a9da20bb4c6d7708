"""What the sign-in page says when it must say no."""

import re

import pytest

from app.accounts.passwords import hash_password
from tests.web.browser import Browser, forms

PASSWORD = "correct horse battery"


async def sign_in(browser: Browser, email: str, password: str = PASSWORD) -> None:
    await browser.open("/account/sign-in?next=/basket")
    await browser.send("/account/sign-in", email=email, password=password)


async def refused(browser: Browser, email: str, message: str, status: int = 422) -> None:
    assert browser.page.status_code == status
    assert message in browser.page.text.split('role="alert"')[1].split("</div>")[0]
    shown = forms(browser.page.text)[-1].fields
    assert (shown["email"], shown["password"], shown["next"]) == (email, "", "/basket")
    assert "bookstore_session" not in browser.client.cookies


@pytest.mark.parametrize("path", ["/account/sign-in", "/account/register", "/account/password"])
async def test_what_is_typed_as_a_password_is_hidden_and_may_be_filled_in_by_a_program(browser: Browser, path: str):
    if path == "/account/password":
        await browser.reader(hashed_password="x")
    await browser.open(path)
    fields = [tag for tag in re.findall("<input[^>]*>", browser.page.text) if "password" in tag]
    assert fields
    for field in fields:
        assert 'type="password"' in field
        assert re.search('autocomplete="(current|new)-password"', field)
        assert "value=" not in field
        assert "paste" not in field


async def test_a_deactivated_account(browser: Browser):
    person = await browser.shop.person(hashed_password=await hash_password(PASSWORD), is_active=False)
    await sign_in(browser, person.email)
    await refused(browser, person.email, "Account deactivated. Contact support.")


async def test_an_account_without_password(browser: Browser):
    person = await browser.shop.person()
    await sign_in(browser, person.email)
    await refused(browser, person.email, "This account has no password.")


@pytest.mark.parametrize("email", ["nobody", ""])
async def test_what_is_no_address(browser: Browser, email: str):
    await sign_in(browser, email)
    await refused(browser, email, "E-mail address:")


async def test_too_many_tries(browser: Browser):
    state = browser.shop.app.state
    state.settings = state.settings.model_copy(update={"rate_limit_enabled": True, "rate_limit_auth_per_minute": 1})
    person = await browser.shop.person(hashed_password=await hash_password(PASSWORD))
    await sign_in(browser, person.email, "wrong password")
    await refused(browser, person.email, "Invalid email or password")
    await sign_in(browser, person.email)
    await refused(browser, person.email, "Too many attempts.", 429)
    assert int(browser.page.headers["retry-after"]) > 0
