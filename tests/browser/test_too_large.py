"""What is too large is refused by a page, with the connection left whole: a browser shows it."""

from pathlib import Path

from playwright.async_api import Page, expect

from tests.browser.inspection import violations
from tests.browser.scene import Scene
from tests.browser.support import Street

MUCH = 3_000_000
TYPE = "(field, length) => { field.removeAttribute('maxlength'); field.value = 'x'.repeat(length); }"


async def choose(page: Page, action: str, file: Path) -> None:
    form = page.locator(f"form[action^='{action}']")
    await form.locator("[type=file]").set_input_files(file)
    await form.locator("button[type=submit]").click()


async def test_a_long_text(street: Street, scene: Scene):
    page = await street.window(scene.staff)
    await page.goto("/staff/books/new")
    for label, text in (("Title", "Long"), ("Author", "Somebody"), ("Price in USD", "9.50")):
        await page.get_by_label(label, exact=True).fill(text)
    await page.locator("[name=description]").evaluate(TYPE, MUCH)
    await page.get_by_role("button", name="Add the book").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("That is too much")
    assert await violations(page) == ""


async def test_a_large_cover(street: Street, scene: Scene, tmp_path: Path):
    page = await street.window(scene.staff)
    await page.goto("/staff/books/{book_id}".format(**scene.ids))
    picture = tmp_path / "cover.png"
    picture.write_bytes(bytes(9_000_000))
    await choose(page, "/staff/books/cover", picture)
    await expect(page.get_by_role("alert")).to_have_text("The file may have 5 MB at most.")


async def test_a_large_list(street: Street, scene: Scene, tmp_path: Path):
    page = await street.window(scene.staff)
    await page.goto("/staff/books/import")
    books = tmp_path / "books.csv"
    with books.open("wb") as file:
        file.truncate(70_000_000)
    await choose(page, "/staff/books/import", books)
    await expect(page.get_by_role("alert")).to_have_text("The file may have 50 MB at most.")
