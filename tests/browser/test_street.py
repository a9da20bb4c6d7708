"""The windows of the browser tests notice what they should."""

from playwright.async_api import Page

from tests.browser.support import Street
from tests.support import Person


async def test_a_reader_is_signed_in_at_once(street: Street, buyer: Person, staff: Person):
    page = await street.window(buyer)
    await page.goto("/account")
    assert await page.title() == f"Hello, Reader {buyer.id} · Bookstore"
    page = await street.window(staff)
    await page.goto("/staff")
    assert await page.title() == "Overview · Staff · Bookstore"


async def complaints(street: Street, page: Page, script: str) -> str:
    await page.goto("/")
    await page.evaluate(script)
    await page.wait_for_timeout(300)
    found, street.watch.found = "; ".join(street.watch.found), []
    return found


async def test_what_no_page_may_do_is_noticed(street: Street):
    page = await street.window()
    assert "console: oh" in await complaints(street, page, "console.error('oh')")
    assert "script: oh" in await complaints(street, page, "setTimeout(() => { throw new Error('oh') }); null")
    assert "violates" in await complaints(street, page, "fetch('https://elsewhere.example/').catch(() => null)")
    assert "Failed to load" in await complaints(street, page, "fetch('/nowhere').then(() => null)")


async def test_a_refused_form_is_no_complaint(street: Street):
    page = await street.window(scripts=False)
    await page.goto("/account/sign-in")
    await page.get_by_label("E-mail address").fill("nobody@example.com")
    await page.get_by_label("Password").fill("not the password")
    await page.get_by_role("main").get_by_role("button", name="Sign in").click()
    await page.get_by_role("alert").wait_for()
