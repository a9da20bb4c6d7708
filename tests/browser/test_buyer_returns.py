"""What readers do with books besides buying them: review, wish, wait; and take an order back."""

from playwright.async_api import expect

from tests.browser.support import Street
from tests.browser.walking import button, heading, link, order_by_api, said, top, with_and_without_scripts
from tests.support import Person


@with_and_without_scripts
async def test_a_buyer_reviews_changes_and_deletes_the_review(street: Street, buyer: Person, scripts: bool):
    book = await street.shop.book(title="The Glass Valley")
    await order_by_api(street.shop, buyer, book)
    page = await street.window(buyer, scripts=scripts)
    await page.goto(f"/shop/books/{book}")
    await button(page, "Publish").click()
    await expect(page.get_by_role("alert")).to_contain_text("Your rating: Please fill this in.")
    await page.get_by_label("4 Very good").check()
    await page.get_by_label("What would you tell other readers?").fill("Quiet and bright.\n\nI read it twice.")
    await button(page, "Publish").click()
    review = page.locator("article.review")
    await expect(review).to_contain_text("Quiet and bright.")
    await expect(review).to_contain_text("Bought here")
    await expect(review).to_contain_text("4 of 5 stars")
    await page.get_by_text("Change your review").click()
    await expect(page.get_by_label("4 Very good")).to_be_checked()
    await page.get_by_label("5 Outstanding").check()
    await button(page, "Save").click()
    await expect(review).to_contain_text("5 of 5 stars")
    await page.get_by_text("Change your review").click()
    await button(page, "Delete your review").click()
    await expect(page.get_by_text("Nobody has reviewed this book yet.")).to_be_visible()


@with_and_without_scripts
async def test_a_reader_wishes_and_moves_the_wish_to_the_basket(street: Street, buyer: Person, scripts: bool):
    book = await street.shop.book(title="Salt and Timber")
    page = await street.window(buyer, scripts=scripts)
    await page.goto(f"/shop/books/{book}")
    heart = button(page, "Wishlist")
    await heart.click()
    await expect(heart).to_have_attribute("aria-pressed", "true")
    await expect(said(page)).to_have_text("On your wishlist.")
    await top(page, "Account").click()
    await page.get_by_role("navigation", name="Account").get_by_role("link", name="Wishlist").click()
    await heading(page, "Wishlist")
    await button(page, "Move to the basket").click()
    await heading(page, "Wishlist")
    await expect(page.get_by_role("heading", name="Your wishlist is empty")).to_be_visible()
    await top(page, "Basket").click()
    await expect(page.get_by_role("heading", name="Salt and Timber")).to_be_visible()


@with_and_without_scripts
async def test_a_reader_waits_for_a_book_and_is_told(street: Street, buyer: Person, staff: Person, scripts: bool):
    """Pre-book, be told in the shop and by mail when staff book copies in, and go there."""
    title = f"The Tin Orchestra {'with' if scripts else 'without'} scripts"
    book = await street.shop.book(title=title, stock_quantity=0)
    page = await street.window(buyer, scripts=scripts)
    await page.goto(f"/shop/books/{book}")
    await expect(page.get_by_text("Sold out", exact=True).first).to_be_visible()
    await button(page, "Tell me when it is back").click()
    await expect(said(page)).to_have_text("We will tell you as soon as it is back.")
    await expect(button(page, "Stop waiting")).to_be_visible()
    await deliver(street, staff, book, scripts)
    await page.goto("/account")
    await expect(top(page, "Account")).to_contain_text("1 new")
    await page.get_by_role("navigation", name="Account").get_by_role("link", name="Notices").click()
    await heading(page, "Notices")
    notice = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name=title))
    await expect(notice).to_contain_text("Copies are not reserved")
    await notice.get_by_role("button", name="Go there").click()
    await heading(page, title)
    await expect(button(page, "Add to basket")).to_be_visible()
    await expect(top(page, "Account")).not_to_contain_text("new")
    mails = await street.shop.rows("SELECT subject FROM email_outbox WHERE recipient = :email", email=buyer.email)
    assert len(mails) == 1
    assert title in mails[0][0]


async def deliver(street: Street, staff: Person, book: int, scripts: bool) -> None:
    """Staff book twelve copies in."""
    page = await street.window(staff, scripts=scripts)
    await page.goto(f"/staff/stock/{book}")
    await page.get_by_label("Change", exact=True).fill("12")
    await page.get_by_label("Kind").select_option("Delivery")
    await page.get_by_label("Reason").first.fill("Spring delivery")
    await button(page, "Change the stock").click()
    await expect(said(page)).to_contain_text("12 on hand now.")
    await expect(page.get_by_role("row", name="Spring delivery")).to_contain_text("+12")


@with_and_without_scripts
async def test_a_buyer_takes_an_order_back_in_time(street: Street, buyer: Person, scripts: bool):
    book = await street.shop.book(title="A Map of Ferries", stock_quantity=3)
    order = await order_by_api(street.shop, buyer, book, 2)
    page = await street.window(buyer, scripts=scripts)
    await page.goto("/account/orders")
    number = await street.shop.scalar("SELECT number FROM orders WHERE id = :id", id=order)
    await link(page, f"Order {number}").click()
    await heading(page, f"Order {number}")
    await link(page, "Cancel the order").click()
    await heading(page, f"Cancel order {number}?")
    await button(page, "Cancel the order").click()
    await expect(said(page)).to_have_text("Your order is cancelled, and the money is on its way back.")
    await expect(page.get_by_role("listitem").filter(has_text="The order was cancelled.")).to_be_visible()
    assert await street.shop.scalar("SELECT stock_quantity FROM books WHERE id = :id", id=book) == 3
    await expect(link(page, "Cancel the order")).to_have_count(0)
