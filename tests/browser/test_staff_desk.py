"""Staff look after what is sold: orders, reviews and accounts."""

from playwright.async_api import Page, expect

from tests.browser.support import Street
from tests.browser.walking import button, heading, link, order_by_api, said, top, with_and_without_scripts
from tests.support import Person


async def enter(page: Page, room: str) -> None:
    """Go to a room of the back office by its menu."""
    await page.goto("/staff")
    await page.get_by_role("navigation", name="Staff pages").get_by_role("link", name=room).click()
    await heading(page, room)


@with_and_without_scripts
async def test_staff_cancel_an_order_and_the_buyer_is_told(
    street: Street, buyer: Person, staff: Person, scripts: bool
):
    book = await street.shop.book(title="The Copper Almanac", stock_quantity=3)
    order = await order_by_api(street.shop, buyer, book, 3)
    page = await street.window(staff, scripts=scripts)
    await enter(page, "Orders")
    await page.get_by_label("Buyer's e-mail").fill(buyer.email)
    await button(page, "Show").click()
    number = await street.shop.scalar("SELECT number FROM orders WHERE id = :id", id=order)
    await link(page, number).click()
    await heading(page, f"Order {number}")
    await page.get_by_text("Cancel this order").click()
    await button(page, "Cancel the order").click()
    await expect(page.get_by_role("alert")).to_contain_text("Reason: Please fill this in.")
    await page.get_by_label("Reason, for the buyer to read").fill("The last copies were damaged.")
    await button(page, "Cancel the order").click()
    await expect(said(page)).to_contain_text("The order is cancelled.")
    await expect(page.get_by_text("Cancel this order")).to_have_count(0)
    assert await street.shop.scalar("SELECT stock_quantity FROM books WHERE id = :id", id=book) == 3
    page = await street.window(buyer, scripts=scripts)
    await page.goto("/account/notices")
    await button(page, "Go there").click()
    await heading(page, f"Order {number}")
    await expect(page.get_by_text("The last copies were damaged.")).to_be_visible()


@with_and_without_scripts
async def test_staff_delete_a_review(street: Street, buyer: Person, staff: Person, scripts: bool):
    book = await street.shop.book(title="The Copper Almanac")
    await order_by_api(street.shop, buyer, book)
    told = {"rating": 1, "text": f"Buy cheap watches of {buyer.id}."}
    answer = await street.shop.client.post(f"/books/{book}/reviews", headers=buyer.headers, json=told)
    assert answer.status_code == 201
    page = await street.window(staff, scripts=scripts)
    await enter(page, "Reviews")
    await page.get_by_label("Stars to").select_option("1")
    await page.get_by_label("Reader no.").fill(str(buyer.id))
    await button(page, "Show").click()
    await button(page, "Delete selected reviews").click()
    await expect(said(page)).to_have_text("Tick the reviews that you want to delete.")
    await page.get_by_label("Delete the review of The Copper Almanac").check()
    await button(page, "Delete selected reviews").click()
    await expect(said(page)).to_have_text("1 review was deleted.")
    await page.goto(f"/shop/books/{book}")
    await expect(page.get_by_text("Nobody has reviewed this book yet.")).to_be_visible()


@with_and_without_scripts
async def test_staff_lock_an_account_out_and_let_it_in_again(street: Street, staff: Person, scripts: bool):
    """Whoever is locked out is signed out at once, in the middle of their visit."""
    account = {"email": f"lou.{scripts}@example.com".lower(), "password": "correct horse battery"}
    assert (await street.shop.client.post("/auth/register", json=account)).status_code == 201
    theirs = await street.window(scripts=scripts)
    await theirs.goto("/account/sign-in")
    await sign_in(theirs, account)
    await expect(top(theirs, "Account")).to_be_visible()
    page = await street.window(staff, scripts=scripts)
    await enter(page, "Readers")
    await page.get_by_label("E-mail address").fill(account["email"])
    await button(page, "Show").click()
    await page.get_by_role("row", name=account["email"]).get_by_role("link").click()
    await page.get_by_text("Lock this account out").click()
    await button(page, "Deactivate account").click()
    await expect(said(page)).to_contain_text("The account is locked out")
    await theirs.goto("/account/orders")
    await heading(theirs, "Sign in")
    await sign_in(theirs, account)
    await expect(theirs.get_by_role("alert")).to_be_visible()
    await button(page, "Reactivate account").click()
    await expect(said(page)).to_have_text("The account can sign in again.")
    await sign_in(theirs, account)
    await heading(theirs, "Your orders")


async def sign_in(page: Page, account: dict[str, str]) -> None:
    """Fill the form in that stands there, and send it."""
    await page.get_by_label("E-mail address").fill(account["email"])
    await page.get_by_label("Password").fill(account["password"])
    await button(page, "Sign in").click()
