"""Staff fill the catalogue: a book with its cover and stock, and a file of many."""

import io
import re

from PIL import Image
from playwright.async_api import FilePayload, Page, expect

from tests.browser.support import Street
from tests.browser.walking import button, heading, link, said, with_and_without_scripts
from tests.support import Person


def picture() -> FilePayload:
    """A cover as it comes from a camera: larger than needed."""
    content = io.BytesIO()
    Image.new("RGB", (900, 1350), "#7a4419").save(content, "JPEG")
    return {"name": "cover.jpg", "mimeType": "image/jpeg", "buffer": content.getvalue()}


async def add_book(page: Page, title: str) -> None:
    """Fill the form in, with a price that is none at first."""
    await page.goto("/staff")
    rooms = page.get_by_role("navigation", name="Staff pages")
    await rooms.get_by_role("link", name="Books").click()
    await link(page, "Add a book").click()
    await heading(page, "Add a book")
    await page.get_by_label("Title", exact=True).fill(title)
    await page.get_by_label("Author", exact=True).fill("Wanda Okafor")
    await page.get_by_label("Price in USD").fill("twelve")
    await page.get_by_label("Genre").select_option("Fantasy")
    await page.get_by_label("Description").fill("A harbour, a lamp and a long winter.")
    await page.get_by_label("Recommended by our booksellers").check()
    await button(page, "Add the book").click()
    await expect(page.get_by_role("alert")).to_contain_text("Price: Must be a number like 15.90.")
    await expect(page.get_by_label("Description")).to_have_value("A harbour, a lamp and a long winter.")
    await page.get_by_label("Price in USD").fill("12.80")
    await button(page, "Add the book").click()
    await expect(said(page)).to_contain_text("The book is in the catalogue.")


async def give_cover(page: Page, scripts: bool) -> None:
    """Choose a picture (scripts show it at once) and upload it."""
    now = page.get_by_role("img", name="The cover as it is now")
    await expect(now).to_have_attribute("src", re.compile("^/covers/"))
    await page.get_by_label("Another picture").set_input_files(picture())
    if scripts:
        chosen = page.get_by_role("img", name="The picture you chose, not uploaded yet")
        await expect(chosen).to_have_attribute("src", re.compile("^data:image/jpeg"))
    await button(page, "Upload").click()
    await expect(said(page)).to_have_text("The book has a new cover.")
    await expect(now).to_have_attribute("src", re.compile("/uploads/"))


@with_and_without_scripts
async def test_staff_add_a_book_with_its_cover_and_stock(street: Street, staff: Person, scripts: bool):
    title = f"The Harbour Lamp {'with' if scripts else 'without'} scripts"
    page = await street.window(staff, scripts=scripts)
    await add_book(page, title)
    await give_cover(page, scripts)
    await page.get_by_role("link", name="Stock: 0").click()
    await heading(page, title)
    await page.get_by_label("Copies on hand").fill("8")
    await button(page, "Set the stock").click()
    await expect(said(page)).to_have_text("8 on hand now.")
    await page.get_by_label("Change", exact=True).fill("-9")
    await page.get_by_label("Reason").first.fill("Damaged in the storeroom")
    await button(page, "Change the stock").click()
    await expect(page.get_by_role("alert")).to_be_visible()
    await page.get_by_label("Change", exact=True).fill("-1")
    await button(page, "Change the stock").click()
    await expect(said(page)).to_contain_text("7 on hand now.")
    await expect(page.get_by_role("row", name="Damaged in the storeroom")).to_contain_text("-1")
    shop = await street.window(scripts=scripts)
    await shop.goto(page.url.replace("/staff/stock/", "/shop/books/"))
    await expect(shop.get_by_text("In stock").first).to_be_visible()
    cover = shop.get_by_role("img", name=f"Cover of {title}")
    await expect(cover).to_have_attribute("src", re.compile("/uploads/"))
    assert await cover.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0


@with_and_without_scripts
async def test_staff_change_a_book_and_take_it_off_sale(street: Street, staff: Person, scripts: bool):
    book = await street.shop.book(title="Letters from the Dyke", stock_quantity=4)
    page = await street.window(staff, scripts=scripts)
    await page.goto(f"/staff/books/{book}")
    await page.get_by_label("Price in USD").fill("7.25")
    await button(page, "Save").click()
    await expect(said(page)).to_have_text("Saved.")
    await link(page, "See it in the shop").click()
    await expect(page.locator(".one-book .price")).to_contain_text("7.25")
    await link(page, "Edit this book").click()
    await link(page, "Delete this book").click()
    await heading(page, "Delete “Letters from the Dyke”?")
    await button(page, "Delete the book").click()
    await expect(said(page)).to_have_text("“Letters from the Dyke” is no longer in the catalogue.")
    assert await street.shop.scalar("SELECT count(*) FROM books WHERE id = :id", id=book) == 0


def spring_list(mark: str) -> FilePayload:
    rows = (
        "title,author,price,stock,genre",
        f"The Ferryman's Atlas {mark},Lene Dahl,18.40,6,Fantasy",
        f"Small Weather {mark},Piet Oosterhuis,9.90,3,Fantasy",
        f",Nobody {mark},1.00,1,Fantasy",
    )
    return {"name": f"spring-{mark}.csv", "mimeType": "text/csv", "buffer": "\n".join(rows).encode()}


async def until(page: Page, state: str, scripts: bool) -> None:
    """Wait for the import; scripts look themselves, else one looks again."""
    badge = page.get_by_role("status").filter(has_text=re.compile(rf"^\s*{state}\s*$"))
    while not scripts and not await badge.count():
        await page.reload()
    await expect(badge).to_be_visible()


async def counted(page: Page) -> dict[str, str]:
    """The figures of an import."""
    figures = page.locator("dl.counts")
    return dict(
        zip(await figures.locator("dt").all_inner_texts(), await figures.locator("dd").all_inner_texts(), strict=True)
    )


@with_and_without_scripts
async def test_staff_import_a_file(street: Street, staff: Person, scripts: bool):
    """Checked first, then stored; the row that is wrong can be had back."""
    mark = "with" if scripts else "without"
    page = await street.window(staff, scripts=scripts)
    await page.goto("/staff/books")
    await link(page, "Import (CSV)").click()
    await heading(page, "Import books")
    await page.get_by_label("CSV file").set_input_files(spring_list(mark))
    await button(page, "Upload and check").click()
    await heading(page, f"spring-{mark}.csv")
    await until(page, "Checked, nothing stored yet", scripts)
    assert (await counted(page))["New"] == "2"
    assert (await counted(page))["Rejected"] == "1"
    assert (
        await street.shop.scalar(
            "SELECT count(*) FROM books WHERE author = 'Lene Dahl' AND title LIKE :t", t=f"% {mark}"
        )
        == 0
    )
    await button(page, "Import now").click()
    await until(page, "Imported", scripts)
    await page.get_by_text("Rejected rows", exact=True).click()
    await expect(page.get_by_text("Line 4:")).to_be_visible()
    async with page.expect_download() as download:
        await link(page, "Download the rejected rows (CSV)").click()
    rejected = await (await download.value).path()
    assert f"Nobody {mark}" in rejected.read_text()
    await link(page, "Look at the books").click()
    await page.get_by_label("Title, author or ISBN").last.fill(f"Small Weather {mark}")
    await button(page, "Find").click()
    await expect(page.get_by_role("row", name=f"Small Weather {mark}")).to_contain_text("9.90")
