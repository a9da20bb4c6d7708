"""From the street to the receipt: a guest finds books, opens an account, is declined, tries again and is told."""

import re

from playwright.async_api import Page, expect

from tests.browser.support import Street
from tests.browser.walking import button, find, heading, link, said, top, with_and_without_scripts

PASSWORD = "a lamp, a chair, a book"


async def put_in(page: Page, title: str) -> None:
    """Find a book by its title and put it into the basket."""
    await find(page, title)
    await link(page, title).click()
    await heading(page, title)
    await button(page, "Add to basket").click()
    await expect(said(page)).to_contain_text("Added to your basket.")


async def change_copies(page: Page, title: str, scripts: bool) -> None:
    """Two copies instead of one: with the stepper where it is, else with the number and its button."""
    line = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name=title))
    if scripts:
        await line.get_by_role("button", name="One copy more").click()
    else:
        await line.get_by_label(f"Copies of {title}").fill("2")
        await line.get_by_role("button", name="Update").click()
    await expect(said(page)).to_have_text("Your basket is up to date.")
    await expect(line.get_by_label(f"Copies of {title}")).to_have_value("2")


async def register(page: Page, email: str) -> None:
    """Create an account on the way to the checkout, with a slip first."""
    await link(page, "Go to checkout").click()
    await heading(page, "Checkout")
    await page.get_by_role("main").get_by_role("link", name="Sign in").click()
    await heading(page, "Sign in")
    await link(page, "Create an account").click()
    await heading(page, "Create an account")
    await page.get_by_label("E-mail address").fill(email)
    await page.get_by_label("Password").fill("short")
    await button(page, "Create account").click()
    await expect(page.get_by_role("alert")).to_contain_text("Please use at least 8 characters.")
    await expect(page.get_by_label("E-mail address")).to_have_value(email)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_label("Name").fill("Rosa Ingram")
    await button(page, "Create account").click()


async def pay(page: Page) -> None:
    """Be declined, keep the basket, and try again."""
    await heading(page, "Checkout")
    await expect(page.locator("[data-checkout-sum]")).to_contain_text("34.00")
    await page.get_by_label("Let the payment fail").check()
    await button(page, "Pay").click()
    await expect(page.get_by_role("alert")).to_contain_text("Your payment was declined. Nothing was charged")
    await expect(page.locator("[data-basket-count]")).to_have_text("3")
    await expect(page.get_by_label("Let the payment fail")).not_to_be_checked()
    await button(page, "Pay").click()
    await heading(page, "Thank you, your order is confirmed")
    await expect(page.locator("[data-basket-count]")).to_be_hidden()


@with_and_without_scripts
async def test_a_guest_becomes_a_buyer(street: Street, scripts: bool):
    """Home, search, basket, register, declined, retry, order, receipt; and the mails lead back into the shop."""
    mark = "with scripts" if scripts else "without scripts"
    novel, poems = f"The Lamplighter {mark}", f"Harbour Poems {mark}"
    await street.shop.book(title=novel, author="Ines Aumont", price="12.50", stock_quantity=5)
    await street.shop.book(title=poems, author="Otto Brandt", price="9.00", stock_quantity=5)
    email = f"rosa.{mark.replace(' ', '.')}@example.com"
    page = await street.window(scripts=scripts)
    await page.goto("/")
    await put_in(page, novel)
    await put_in(page, poems)
    await top(page, "Basket").click()
    await heading(page, "Your basket")
    await change_copies(page, novel, scripts)
    await register(page, email)
    await pay(page)
    await link(page, "See the order").click()
    await expect(page.get_by_role("listitem").filter(has_text="You placed and paid the order.")).to_be_visible()
    await link(page, "Receipt").click()
    await heading(page, "Receipt")
    await expect(page.locator("dl.facts")).to_contain_text(f"Rosa Ingram, {email}")
    await expect(page.get_by_role("row", name=novel)).to_contain_text("25.00")
    await expect(button(page, "Print")).to_be_visible(visible=scripts)
    mails = await street.shop.rows("SELECT kind, text FROM email_outbox WHERE recipient = :email", email=email)
    texts = dict(map(tuple, mails))
    assert set(texts) == {"email_verification", "order_confirmation"}
    assert novel in texts["order_confirmation"]
    await page.goto(re.search(r"\S+(/account/verify\?token=\S+)", texts["email_verification"])[1])  # type: ignore[index]
    await button(page, "Confirm the address").click()
    await expect(said(page)).to_contain_text("Your e-mail address is confirmed.")
    assert await street.shop.rows(
        "SELECT stock_quantity FROM books WHERE title = ANY(:titles) ORDER BY title", titles=[novel, poems]
    ) == [(4,), (3,)]


@with_and_without_scripts
async def test_a_buyer_signs_in_and_out_and_finds_the_basket_again(street: Street, scripts: bool):
    """The basket is the account's; what a guest collected meanwhile joins it."""
    title = f"Winter Orchards {'with' if scripts else 'without'} scripts"
    await street.shop.book(title=title, stock_quantity=5)
    account = {"email": f"sam.{scripts}@example.com".lower(), "password": PASSWORD}
    answer = await street.shop.client.post("/auth/register", json=account)
    assert answer.status_code == 201
    page = await street.window(scripts=scripts)
    await page.goto("/")
    await put_in(page, title)
    await page.goto("/account/orders")
    await heading(page, "Sign in")
    await page.get_by_label("E-mail address").fill(account["email"])
    await page.get_by_label("Password").fill(PASSWORD)
    await button(page, "Sign in").click()
    await heading(page, "Your orders")
    await expect(page.locator("[data-basket-count]")).to_have_text("1")
    await button(page, "Sign out").click()
    await expect(said(page)).to_have_text("You are signed out.")
    await expect(page.locator("[data-basket-count]")).to_be_hidden()
