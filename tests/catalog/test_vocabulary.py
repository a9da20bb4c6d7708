"""What was mistyped, in a catalogue so large that it is looked up among the words of the catalogue."""

import asyncio

import asyncpg
import pytest

from app.catalog.search import books, matching
from app.catalog.search.books import BookSearch
from tests.catalog.support import ids, listed
from tests.support import Shop

WORDS = "SELECT word FROM book_words ORDER BY word"
MISSING = """
    SELECT DISTINCT unnest(tsvector_to_array(search_vector)) FROM books EXCEPT SELECT word FROM book_words
"""


@pytest.fixture(autouse=True)
def every_catalogue_is_large(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(books, "LARGE", -1)


@pytest.mark.parametrize("q", ["tolkein", "tolkein hobbitt", "hobbut j", "Hóbbitt"])
async def test_words_that_resemble_are_found(shop: Shop, q: str):
    book = await shop.book(title="The Hobbit", author="J.R.R. Tolkien's")
    await shop.book(title="Something Else")
    assert await ids(shop, q=q) == [book]


@pytest.mark.parametrize("q", ["tolkein xqzzyw", "tolkein k", "xqzzyw", "tolkein elsse"])
async def test_each_word_must_be_found(shop: Shop, q: str):
    await shop.book(title="The Hobbit", author="J.R.R. Tolkien")
    await shop.book(title="Something Else")
    assert (await listed(shop, q=q))["total"] == 0


async def test_the_likest_come_first_then_by_id(shop: Shop):
    far = await shop.book(title="Tolkiewicz")
    near, near_too = [await shop.book(title="Tolkien") for _ in range(2)]
    assert await ids(shop, q="tolkienn") == [near, near_too, far]


async def test_the_likest_come_first_where_there_are_too_many_to_weigh(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(matching, "ALIKE", 2)
    far = [await shop.book(title="Tolkiewicz") for _ in range(2)]
    near = [await shop.book(title="Tolkien") for _ in range(2)]
    assert await ids(shop, q="tolkienn") == near + far


@pytest.mark.parametrize("q", ["gardenlibrary", "gardenlibrary bri", "Gardenlibrary brienn"])
async def test_two_words_that_were_written_as_one_are_found(shop: Shop, q: str):
    """As they follow one another, and no others."""
    book = await shop.book(title="The Garden Library", author="O'Brien")
    for title in ("Library Garden", "Garden of a Library", "Garden", "Library"):
        await shop.book(title=title, author="O'Brien")
    assert await ids(shop, q=q) == [book]


async def test_two_words_must_resemble_what_was_written_as_one(shop: Shop):
    """As every word must: 0.45 or more. That of `of ab` to `ofab` is 0.375."""
    await shop.book(title="Of Ab", author="C")
    assert (await listed(shop, q="ofab"))["total"] == 0


async def test_they_come_before_one_that_resembles_where_there_are_many(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(matching, "ALIKE", 2)
    winters = [await shop.book(title=title, author="A") for title in ("Winter", "Winter", "Winter House")]
    assert await ids(shop, q="winterhouse") == [winters[2], *winters[:2]]


async def test_what_resembles_no_word_but_a_stretch_of_a_title_is_not_found(shop: Shop):
    """Comparing a million titles takes a quarter of a second; a small catalogue is compared in full."""
    await shop.book(title="Water Dagger", author="B")
    assert (await listed(shop, q="daguhterdag"))["total"] == 0


async def test_words_come_with_new_titles_and_authors(shop: Shop):
    book = await shop.book(title="Nothing", author="Nobody")
    for column in ("title", "author"):
        await shop.rows(f"UPDATE books SET {column} = 'Philosophy of {column}'")
        assert await ids(shop, q="philosofy") == [book]
        assert await shop.rows(MISSING) == []
        await shop.rows(f"UPDATE books SET {column} = 'Zero'")


async def test_each_word_is_there_once(shop: Shop):
    for title in ("The House of the Sea", "The Sea"):
        await shop.book(title=title, author="O'Brien")
    await shop.rows("UPDATE books SET stock_quantity = 3, title = title, price = 3")
    assert [word for [word] in await shop.rows(WORDS)] == ["brien", "house", "o", "of", "sea", "the"]


async def test_nobody_waits_for_who_brings_the_same_word(live: Shop, raw: asyncpg.Connection):
    """Seen to fail with a unique key on the words: the second book waited for the first."""
    async with raw.transaction():
        await raw.execute("INSERT INTO books (title, author, price) VALUES ('Zephyr', 'A', 1)")
        await asyncio.wait_for(live.book(title="Zephyr"), 5)
    assert await raw.fetch(MISSING) == []
    assert (await listed(live, q="zephir"))["total"] == 2


async def test_a_title_is_found_by_who_looks_for_words_before_it_comes(live: Shop, monkeypatch: pytest.MonkeyPatch):
    """The words are looked up, then a book with another that resembles comes: the next search finds that as well."""
    await live.book(title="Tolkien")
    resembling = BookSearch._resembling
    titles = iter(["Tolkienish"])

    async def meanwhile(*args: object) -> object:
        found = await resembling(*args)  # type: ignore[arg-type]
        for title in titles:
            await live.book(title=title)
        return found

    monkeypatch.setattr(BookSearch, "_resembling", meanwhile)
    assert (await listed(live, q="tolkein"))["total"] == 1
    assert (await listed(live, q="tolkein"))["total"] == 2
