"""What was counted once is not counted again, and is never wrong."""

import asyncio

import asyncpg
import pytest
from fastapi import Request
from sqlalchemy import text

from app.catalog import deps
from app.catalog.query import BookQuery
from app.catalog.search import books
from app.catalog.search.books import BookSearch
from app.catalog.search.cache import VersionedCache
from app.core.keys import Keys
from app.core.paging import Cursors
from tests.catalog.support import ids, listed
from tests.statements import statements
from tests.support import Shop


async def total(shop: Shop, **query: object) -> int:
    return (await listed(shop, **query))["total"]


@pytest.mark.parametrize("query", [{"q": "book"}, {"q": "boook"}, {"author": "n au"}, {"max_price": "99"}])
@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO books (title, author, price) VALUES ('A Book', 'An Author', 1)",
        "DELETE FROM books WHERE id = (SELECT max(id) FROM books)",
        "UPDATE books SET title = 'X', author = 'Y', price = 100 WHERE id = (SELECT max(id) FROM books)",
        "TRUNCATE books CASCADE",
    ],
)
async def test_what_changes_is_counted_anew(
    live: Shop, raw: asyncpg.Connection, query: dict[str, str], statement: str
):
    """Seen to fail without the trigger of each."""
    for _ in range(2):
        await live.book(title="A Book", author="An Author")
    assert [await total(live, **query) for _ in range(2)] == [2, 2]
    await raw.execute(statement)
    await live.book(title="Another Book", author="An Author")
    books = await raw.fetchval("SELECT count(*) FROM books WHERE price < 100")
    assert await total(live, **query) == books == len(await ids(live, **query))


async def test_a_genre_that_changes_is_counted_anew(live: Shop, raw: asyncpg.Connection):
    first, second = await live.genre("First"), await live.genre("Second")
    await live.book(genre_id=first)
    assert [await total(live, genre_id=genre) for genre in (first, second)] == [1, 0]
    await raw.execute("UPDATE books SET genre_id = $1", second)
    assert [await total(live, genre_id=genre) for genre in (first, second)] == [0, 1]
    assert await ids(live, genre_id=second, q="book") == await ids(live)


async def test_what_is_in_stock_is_looked_at_each_time(live: Shop, raw: asyncpg.Connection):
    await live.book(title="Stone", stock_quantity=1)
    for query in ({"q": "stone"}, {"max_price": "99"}, {}):
        assert await total(live, in_stock="true", **query) == 1
        await raw.execute("UPDATE books SET stock_quantity = 0")
        assert await total(live, in_stock="true", **query) == 0
        await raw.execute("UPDATE books SET stock_quantity = 1")


async def test_nobody_else_sees_what_a_transaction_that_was_rolled_back_saw(live: Shop):
    """Seen to fail with the number of changes for a state: there is one change either way."""
    await live.book(title="Stone")
    async with live.app.state.database.sessions() as session:
        await session.execute(
            text("INSERT INTO books (title, author, price) SELECT 'Stone', 'A', 1 FROM generate_series(1, 5)")
        )
        assert (await BookSearch(session).find(BookQuery(q="stone")))[0] == 6
        await session.rollback()
    await live.book(title="Stone")
    assert await total(live, q="stone") == 2


async def test_a_book_that_comes_while_one_is_searching_is_found_by_the_next(
    live: Shop, raw: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
):
    """Seen to fail without comparing the states: the second search gave what resembles, as the first rightly did."""
    await live.book(title="Tolkien")
    ranked = BookSearch._ranked
    inserts = iter(["INSERT INTO books (title, author, price) VALUES ('Tolkein', 'A', 1)"])

    async def meanwhile(*args: object, **named: object) -> object:
        found = await ranked(*args, **named)  # type: ignore[arg-type]
        for insert in inserts:
            await raw.execute(insert)
        return found

    monkeypatch.setattr(BookSearch, "_ranked", meanwhile)
    assert await total(live, q="tolkein") == 2
    assert await total(live, q="tolkein") == 1


async def test_books_are_as_they_are_now(live: Shop, raw: asyncpg.Connection):
    await live.book(title="Stone")
    await ids(live, q="stone")
    await raw.execute("UPDATE books SET description = 'New', stock_quantity = 7")
    [book] = (await listed(live, q="stone"))["items"]
    assert (book["description"], book["stock_quantity"]) == ("New", 7)


async def test_pages_of_what_is_remembered(live: Shop, monkeypatch: pytest.MonkeyPatch):
    """The first page behind those that are kept is looked for, and with it all that can be reached."""
    monkeypatch.setattr(books, "FIRST", 4)
    stones = [await live.book(title="Stone") for _ in range(9)]
    for page, looked_for in ((1, True), (2, False), (3, True), (4, False), (5, False), (6, False), (1, False)):
        with statements() as seen:
            assert await ids(live, q="stone", size=2, page=page) == stones[2 * page - 2 : 2 * page]
        assert any("hits AS MATERIALIZED" in statement for statement in seen) is looked_for, (page, seen)


async def test_counts_take_one_statement_the_second_time(live: Shop):
    for most in (3, 2):
        await live.book(author="Ann Other") if most == 3 else None
        with statements() as seen:
            assert await total(live, author="ann") == 1
        assert len(seen) == most, seen


def test_the_oldest_is_forgotten():
    known: VersionedCache[str] = VersionedCache(2)
    known.keep("a", 1, "first")
    known.keep("b", 1, "second")
    assert known.get("a", 1) == "first"
    known.keep("c", 1, "third")
    assert [known.get(name, 1) for name in "abc"] == ["first", None, "third"]
    assert known.get("c", 2) is None


def test_what_is_remembered_weighs_no_more_than_may_be():
    """Seen to fail without `_weight`."""
    known: VersionedCache[str] = VersionedCache(10, 6, len)
    for name, answer in (("a", "xxx"), ("b", "xx"), ("a", "x"), ("c", "xxx")):
        known.keep(name, 1, answer)
    assert [known.get(name, 1) for name in "abc"] == ["x", "xx", "xxx"]
    known.keep("d", 1, "x")
    assert [known.get(name, 1) for name in "abcd"] == [None, "xx", "xxx", "x"]
    known.keep("e", 1, "x" * 7)
    assert [known.get(name, 1) for name in "abcde"] == [None] * 5
    known.keep("f", 1, "xxxxxx")
    assert known.get("f", 1) == "xxxxxx"


def test_a_long_query_is_read_and_not_remembered():
    """Seen to fail when all were remembered: a thousand queries of 60 kB each are 60 MB."""
    deps._remembered.cache_clear()
    cursors = Cursors(Keys.of("x" * 32).cursors)
    asked = []
    for padding in (b"", b"x" * 2000):
        query = b"q=stone&page=2&junk=" + padding
        request = Request({"type": "http", "query_string": query})
        asked += [asyncio.run(deps.get_query(request, cursors)) for _ in range(2)]
    assert {question.q for question in asked} == {"stone"}
    assert {question.page for question in asked} == {2}
    assert deps._remembered.cache_info().currsize == 1
