"""The catalogue on staff pages."""

from decimal import Decimal
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi import FastAPI
from PIL import Image

from app.core.config import Settings
from app.media.service import ImageService
from tests.web.browser import Browser, forms

FULL: dict[str, Any] = {
    "title": "The Dispossessed",
    "author": "Ursula K. Le Guin",
    "price": "15.90",
    "isbn": "978-0-06-051275-0",
    "description": "An ambiguous\r\nutopia.",
    "publish_date": "1974-05-01",
    "recommended": "1",
}


async def audited(browser: Browser, action: str) -> list[Any]:
    query = "SELECT subject_id, before, after FROM audit_events WHERE action = :action ORDER BY id"
    return await browser.shop.rows(query, action=action)


async def test_books_are_found_by_words_stock_and_genre(browser: Browser):
    fantasy = await browser.shop.genre("Comic fantasy")
    await browser.shop.book(title="Mort", genre_id=fantasy)
    await browser.shop.book(title="Sourcery", stock_quantity=0)
    await browser.staff()
    for query, shown, hidden in (
        ("q=mort", "Mort", "Sourcery"),
        ("stock=out", "Sourcery", "Mort"),
        ("stock=in", "Mort", "Sourcery"),
        (f"genre={fantasy}", "Mort", "Sourcery"),
        ("q=sourcery&stock=out&genre=nonsense&page=0", "Sourcery", "Mort"),
    ):
        await browser.open(f"/staff/books?{query}")
        assert shown in browser.text, query
        assert hidden not in browser.text, query
    await browser.open("/staff/books?q=nothinglikeit")
    assert "Nothing found" in browser.text


async def test_the_list_has_pages(browser: Browser):
    await browser.shop.rows("DELETE FROM books")
    for number in range(26):
        await browser.shop.book(title=f"Volume {number:02}")
    await browser.staff()
    await browser.open("/staff/books")
    assert "Volume 24" in browser.text
    assert "Volume 25" not in browser.text
    await browser.open("/staff/books?page=2")
    assert "Volume 25" in browser.text
    await browser.open("/staff/books?page=3")
    assert "past the end" in browser.text
    assert (await browser.open("/staff/books?page=999999")).status_code == 200


async def test_a_book_is_added_with_all_that_is_known_of_it(browser: Browser):
    genre = await browser.shop.genre("Utopias")
    staff = await browser.staff()
    await browser.open("/staff/books/new")
    await browser.send("/staff/books/new", genre_id=str(genre), **FULL)
    book = int(browser.page.url.path.rsplit("/", 1)[1])
    row = (await browser.shop.rows("SELECT * FROM books WHERE id = :id", id=book))[0]
    assert (row.title, row.author, row.price, row.genre_id) == (
        FULL["title"],
        FULL["author"],
        Decimal("15.90"),
        genre,
    )
    assert row.isbn == "9780060512750"
    assert row.description == "An ambiguous\nutopia."
    assert row.stock_quantity == 0
    assert row.picked_at is not None
    assert 'value="9780060512750"' in browser.page.text
    assert "checked" in browser.page.text.split('name="recommended"')[1][:30]
    events = await audited(browser, "book.created")
    assert [event.subject_id for event in events] == [book]
    assert await browser.shop.scalar("SELECT DISTINCT actor_user_id FROM audit_events") == staff.id


async def test_only_what_changes_is_audited_and_blanks_clear(browser: Browser):
    book = await browser.shop.book(title="Mrot", isbn="9780060512750", description="Two\nlines")
    await browser.staff()
    await browser.open(f"/staff/books/{book}")
    await browser.send(
        f"/staff/books/{book}", title="Mort", isbn="", description="Two\r\nlines", cover_image_url="", publish_date=""
    )
    assert "Saved." in browser.text
    events = await audited(browser, "book.changed")
    assert [(event.before, event.after) for event in events] == [
        ({"title": "Mrot", "isbn": "9780060512750"}, {"title": "Mort", "isbn": None})
    ]
    assert await browser.shop.scalar("SELECT stock_quantity FROM books WHERE id = :id", id=book) == 10


async def test_the_booksellers_recommendation_is_kept_and_audited(browser: Browser):
    book = await browser.shop.book()
    await browser.staff()
    for wanted, expected in (("1", True), ("1", True), ("", False)):
        await browser.open(f"/staff/books/{book}")
        fields: dict[str, Any] = {"recommended": wanted} if wanted else {}
        await browser.send(f"/staff/books/{book}", description="", **fields)
        picked = await browser.shop.scalar("SELECT picked_at FROM books WHERE id = :id", id=book)
        assert (picked is not None) is expected
    events = await audited(browser, "book.recommended")
    assert [event.after for event in events] == [{"recommended": True}, {"recommended": False}]


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("title", "", "Please fill this in."),
        ("price", "0", "Please enter more than 0."),
        ("price", "12,50", "must"),
        ("isbn", "123", "ISBN"),
        ("publish_date", "May", "date like"),
        ("cover_image_url", "javascript:alert(1)", "must start with"),
        ("genre_id", "999999", "no genre"),
    ],
)
async def test_what_is_wrong_is_said_and_what_was_typed_is_kept(
    browser: Browser, field: str, value: str, message: str
):
    await browser.staff()
    await browser.open("/staff/books/new")
    answer = await browser.send("/staff/books/new", **(FULL | {field: value}))
    assert answer.status_code == 422
    assert 'role="alert"' in browser.page.text
    assert message.lower() in browser.text.lower()
    assert f'id="e-{field}"' in browser.page.text
    assert "An ambiguous" in browser.page.text
    assert await browser.shop.scalar("SELECT count(*) FROM books WHERE title = 'The Dispossessed'") == 0


@pytest.mark.parametrize("action", ["new", "change"])
async def test_two_books_cannot_have_one_isbn(browser: Browser, action: str):
    await browser.shop.book(isbn="9780060512750")
    book = await browser.shop.book(title="Other")
    path = "/staff/books/new" if action == "new" else f"/staff/books/{book}"
    await browser.staff()
    await browser.open(path)
    answer = await browser.send(path, **FULL)
    assert answer.status_code == 422
    assert "Another book has this ISBN." in browser.text
    assert await browser.shop.scalar("SELECT count(*) FROM books WHERE title = 'The Dispossessed'") == 0


async def test_a_book_is_deleted_only_when_confirmed(browser: Browser):
    book = await browser.shop.book(title="Mort", stock_quantity=4)
    await browser.staff()
    await browser.open(f"/staff/books/{book}/delete")
    assert "4 copies" in browser.text
    assert await browser.shop.scalar("SELECT count(*) FROM books WHERE id = :id", id=book) == 1
    await browser.send(f"/staff/books/{book}/delete")
    assert "“Mort” is no longer in the catalogue." in browser.text
    assert await browser.shop.scalar("SELECT count(*) FROM books WHERE id = :id", id=book) == 0
    assert [event.subject_id for event in await audited(browser, "book.removed")] == [book]
    assert (await browser.client.get(f"/staff/books/{book}")).status_code == 404
    assert (await browser.client.get("/staff/books/99999999999999")).status_code == 404


async def test_genres_are_added_renamed_and_deleted_when_empty(browser: Browser):
    await browser.staff()
    await browser.open("/staff/books/genres")
    await browser.send("/staff/books/genres", name="Utopias")
    assert "“Utopias” is a genre now." in browser.text
    genre = await browser.shop.scalar("SELECT id FROM genres WHERE name = 'Utopias'")
    answer = await browser.send("/staff/books/genres", name="Utopias")
    assert answer.status_code == 409
    assert "a genre with this name already" in browser.text
    await browser.open(f"/staff/books/genres/{genre}")
    await browser.send(f"/staff/books/genres/{genre}", name="Dystopias")
    assert "Dystopias" in browser.text
    await browser.shop.genre("Taken")
    await browser.open(f"/staff/books/genres/{genre}")
    assert (await browser.send(f"/staff/books/genres/{genre}", name="Taken")).status_code == 409
    assert (await browser.send(f"/staff/books/genres/{genre}", name=" ")).status_code == 422
    await browser.open(f"/staff/books/genres/{genre}")
    deletion = next(form for form in forms(browser.page.text) if form.action.endswith("/delete"))
    book = await browser.shop.book(genre_id=genre)
    await browser.client.post(deletion.action, data=deletion.fields)
    await browser.open("/staff/books/genres")
    assert "Books have this genre" in browser.text
    await browser.shop.rows("DELETE FROM books WHERE id = :id", id=book)
    await browser.client.post(deletion.action, data=deletion.fields)
    assert await browser.shop.scalar("SELECT count(*) FROM genres WHERE id = :id", id=genre) == 0
    assert (await browser.open(f"/staff/books/genres/{genre}")).status_code == 404
    counted = await browser.shop.rows("SELECT action FROM audit_events WHERE subject = 'genre' ORDER BY id")
    assert [row.action for row in counted] == ["genre.created", "genre.renamed", "genre.removed"]


class TestCovers:
    """Uploads, each test with a folder of its own."""

    @pytest.fixture(autouse=True)
    def folder(self, app: FastAPI, settings: Settings, tmp_path: Any) -> Any:
        own = settings.model_copy(update={"bookstore_data": tmp_path, "upload_max_bytes": 200_000})
        app.state.images = ImageService(own)
        return tmp_path / "uploads"

    async def action(self, browser: Browser, book: int) -> str:
        await browser.open(f"/staff/books/{book}")
        found = next(form.action for form in forms(browser.page.text) if form.action.startswith("/staff/books/cover"))
        return found.replace("&amp;", "&")

    async def send(self, browser: Browser, action: str, content: bytes, **options: Any) -> Any:
        files = {"file": ("cover.png", content, "image/png")}
        browser.page = await browser.client.post(action, files=files, follow_redirects=True, **options)
        return browser.page

    async def test_a_cover_is_uploaded_and_shown(self, browser: Browser, folder: Any):
        book = await browser.shop.book()
        await browser.staff()
        action = await self.action(browser, book)
        await self.send(browser, action, picture())
        assert browser.page.url.path == f"/staff/books/{book}"
        assert "The book has a new cover." in browser.text
        path = await browser.shop.scalar("SELECT cover_image_url FROM books WHERE id = :id", id=book)
        assert f'src="{path}"' in browser.page.text
        assert (folder / path.rsplit("/", 1)[1]).exists()
        events = await audited(browser, "book.changed")
        assert [event.after for event in events] == [{"cover_image_url": path}]

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"no picture", "JPEG, PNG or WebP"),
            (b"\x89PNG\r\n\x1a\nbroken", "cannot be read"),
            (b"x" * 300_000, "MB at"),
        ],
    )
    async def test_what_is_no_cover_is_refused(self, browser: Browser, content: bytes, message: str):
        book = await browser.shop.book()
        await browser.staff()
        action = await self.action(browser, book)
        await self.send(browser, action, content)
        assert browser.page.url.path == f"/staff/books/{book}"
        assert message in browser.text
        assert await browser.shop.scalar("SELECT cover_image_url FROM books WHERE id = :id", id=book) is None

    async def test_without_a_file_nothing_happens(self, browser: Browser):
        book = await browser.shop.book()
        await browser.staff()
        action = await self.action(browser, book)
        browser.page = await browser.client.post(action, files={"other": (None, "x")}, follow_redirects=True)
        assert "choose a file" in browser.text
        await browser.client.post(action, content=b"junk")
        await browser.open(f"/staff/books/{book}")
        assert "choose a file" in browser.text

    async def test_the_token_is_asked_for_before_the_body_is_read(self, browser: Browser):
        book = await browser.shop.book()
        await browser.staff()
        action = await self.action(browser, book)
        parts = urlsplit(action)
        general = (await browser.open(f"/staff/books/{book}")).text.split('data-csrf="')[1].split('"')[0]
        read = 0

        async def endless() -> Any:
            nonlocal read
            for _ in range(100):
                read += 1
                yield b"x" * 65536

        for bad in (parts.path, f"{parts.path}?book={book}", f"{parts.path}?book={book}&token={general}"):
            answer = await browser.client.post(
                bad, content=endless(), headers={"Content-Type": "multipart/form-data; boundary=b"}
            )
            assert answer.status_code == 403, bad
        own = parse_qs(parts.query)["token"][0]
        for elsewhere in (f"/staff/books/import?token={own}", f"/staff/books/{book}?token={own}"):
            assert (await browser.client.post(elsewhere, data={"a": "b"})).status_code == 403
        headers = {"Origin": "https://evil.example"}
        assert (await self.send(browser, action, picture(), headers=headers)).status_code == 403
        assert await browser.shop.scalar("SELECT cover_image_url FROM books WHERE id = :id", id=book) is None


def picture() -> bytes:
    stream = BytesIO()
    Image.new("RGB", (80, 120), (30, 90, 60)).save(stream, "PNG")
    return stream.getvalue()
