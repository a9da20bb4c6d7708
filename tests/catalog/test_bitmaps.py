"""Searches for frequent prefixes go by bitmaps, and find what the index finds."""

import random
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text

from app.catalog.models import CHUNK
from app.catalog.search import bitmaps, books, upkeep
from app.catalog.search.bitmaps import count_of, read_masks
from app.catalog.search.books import BookSearch, forget_searches
from app.catalog.search.upkeep import keep_bitmaps
from tests.catalog.frequent import ADD, asked, by_index, kept, run, stones
from tests.catalog.support import ids
from tests.statements import statements
from tests.support import Shop

pytestmark = pytest.mark.usefixtures("few_are_many")
TYPOS = (
    "stonne",
    "houze",
    "houze stonne",
    "the houze",
    "b stonee",
    "stonehouse",
    "zebr stonne",
    "zzebra",
    "xstone",
    "qu stonyx",
    "qqqqqqq",
)
QUESTIONS = (
    "s",
    "st",
    "stone",
    "th",
    "a",
    "the stone",
    "a s",
    "the a st",
    "stone zebra",
    "ston quagga",
    "zebra",
    "b the",
    "stonee the",
)
WORDS = ("the", "then", "stone", "stones", "stony", "star", "a", "an", "as", "b", "house")


async def agree(shop: Shop) -> int:
    """Each question has the answer that the index gives; how many of them were answered by bitmaps."""
    by_bitmaps = 0
    for q in (*QUESTIONS, *TYPOS):
        for query in ({"q": q, "size": 100}, {"q": q, "size": 3, "page": 2}):
            *answer, by_bitmap = await asked(shop, **query)
            assert tuple(answer) == await by_index(shop, **query), query
            by_bitmaps += by_bitmap
    return by_bitmaps


async def furnish(shop: Shop, chance: random.Random, count: int) -> None:
    """Books on both sides of the bounds of chunks, and far away."""
    places = [*range(CHUNK - 9, CHUNK + 9), *range(2 * CHUNK - 3, 2 * CHUNK + 3), 2_000_000_000, 2_147_483_647]
    for book_id in [*places, *range(1, count)]:
        await run(shop, ADD, book_id, *text_of(chance))
    for book_id, (title, author) in enumerate((("Stone", "Quagga"), ("Quagga Stony", "B")) * 2, start=50):
        await run(shop, ADD, book_id, title, author)


def text_of(chance: random.Random) -> tuple[str, str]:
    """A title and an author."""
    return " ".join(chance.choices(WORDS, k=3)), " ".join(chance.choices([*WORDS, "zebra"], k=2))


async def test_bitmaps_find_what_the_index_finds(shop: Shop):
    """Before the upkeep, after it, after changes that it has not seen, and after those that it has."""
    chance = random.Random(0)
    await furnish(shop, chance, 30)
    assert await agree(shop) == 0
    assert await agree(await kept(shop)) > len(QUESTIONS)
    for _ in range(6):
        book_id = chance.randrange(1, 30)
        await chance.choice([reword, rename, remove, add])(shop, book_id, chance)
        await agree(shop)
    assert await shop.scalar("SELECT count(*) FROM stale_books") > 0
    await agree(await kept(shop))
    assert await shop.scalar("SELECT count(*) FROM stale_books") == 0


async def reword(shop: Shop, book_id: int, chance: random.Random) -> None:
    await run(shop, "UPDATE books SET title = $2 WHERE id = $1", book_id, text_of(chance)[0])


async def rename(shop: Shop, book_id: int, chance: random.Random) -> None:
    await run(shop, "UPDATE books SET author = $2 WHERE id = $1", book_id, text_of(chance)[1])


async def remove(shop: Shop, book_id: int, _: random.Random) -> None:
    await run(shop, "DELETE FROM books WHERE id = $1", book_id)


async def add(shop: Shop, _: int, chance: random.Random) -> None:
    await run(shop, ADD, chance.randrange(100, 3 * CHUNK), *text_of(chance))


async def test_bitmaps_tell_what_is_frequent(shop: Shop):
    found = await stones(shop)
    assert await asked(shop, q="stone") == (8, found, True)
    assert await asked(shop, q="stone", size=3, page=2) == (8, found[3:6], True)
    assert await asked(shop, q="stone", size=3, page=4) == (8, [], True)
    assert await asked(shop, q="the") == (4, found[:4], False)
    assert await asked(shop, q="stone the") == (4, found[:4], True)


async def test_few_hits_of_frequent_words_are_weighed(
    live: Shop, raw: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
):
    """Among the ids alone that the bitmaps told, and only if they still hold the words."""
    for title, count in (("The House", 5), ("A Stone", 5)):
        for _ in range(count):
            await live.book(title=title, author="B")
    beginning = await live.book(title="Then Stones", author="B")
    whole = await live.book(title="The Stone", author="B")
    await kept(live)
    assert await asked(live, q="stone the") == (2, [whole, beginning], True)
    masks = read_masks

    async def and_then(*args: Any) -> Any:
        found = await masks(*args)
        await raw.execute("UPDATE books SET title = 'Other' WHERE id = $1", whole)
        return found

    monkeypatch.setattr(books, "read_masks", and_then)
    with statements() as seen:
        assert await asked(live, q="the stone") == (1, [beginning], True)
    assert any("unnest" in statement for statement in seen)


@pytest.mark.parametrize("q", ["stone rare", "stonn"])
async def test_what_was_found_while_the_catalogue_changed_is_not_remembered(
    live: Shop, raw: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch, q: str
):
    """The bitmaps are read before the change, and after it what the index adds."""
    monkeypatch.setattr(upkeep, "FREQUENT", 7)
    for title, count in (("Stone", 6), ("A Rare Stone", 6), ("Stony", 1)):
        for _ in range(count):
            await live.book(title=title, author="B")
    await kept(live)
    masks = read_masks

    async def and_then(*args: Any) -> Any:
        found = await masks(*args)
        await raw.execute("INSERT INTO books (title, author, price) VALUES ('Rare Stony Stone', 'B', 1)")
        return found

    monkeypatch.setattr(books, "read_masks", and_then)
    assert (await asked(live, q=q))[0] >= 6
    assert not books._REMEMBERED._answers


async def test_a_frequent_word_speaks_for_what_resembles(shop: Shop):
    """With all words that begin so, if they resemble as well; the likest come first."""
    for number in range(1, 10):
        await run(shop, ADD, number, ("Philosophy", "Philosophyx", "B")[number % 3], "C")
    await kept(shop)
    assert await asked(shop, q="phylosophy") == (6, [3, 6, 9, 1, 4, 7], True)
    await run(shop, ADD, 10, "Philosophyqrstuvw", "C")
    await run(shop, ADD, 11, "Philosophy Philosophyx", "C")
    await kept(shop)
    total, found, _told = await asked(shop, q="phylosophy")
    assert (total, found) == await by_index(shop, q="phylosophy")
    assert found[:4] == [3, 6, 9, 11]


async def test_it_does_not_where_longer_words_do_not_resemble(shop: Shop):
    """Nor where the books of two words would be listed: the index finds what they share."""
    found = await stones(shop)
    assert await asked(shop, q="xstone") == (8, sorted(found), True)
    await run(shop, ADD, 9, "Stones", "B")
    assert await asked(shop, q="xstone") == (8, sorted(found), False)
    await run(shop, ADD, 11, "The Stone", "B")
    await kept(shop)
    assert await asked(shop, q="the") == (5, [2, 4, 6, 8, 11], True)
    with statements() as seen:
        assert await ids(shop, q="xstone the") == [2, 4, 6, 8, 11]
    assert sum("prefix_bitmaps" in statement for statement in seen) == 1, "for `xstone` itself"
    await run(shop, "DELETE FROM books WHERE id = 11")
    await run(shop, ADD, 10, "Stonn House", "B")
    assert await asked(shop, q="stonne") == (10, [10, *sorted(found), 9], True)
    assert await asked(shop, q="stonne housse") == (1, [10], False)


async def test_what_is_no_longer_frequent_a_statement_later_is_told_by_the_index(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
):
    for number in range(1, 13):
        await run(shop, ADD, number, ("Stone", "Stony")[number % 2], "B")
    await kept(shop)
    assert (await asked(shop, q="stonn"))[::2] == (12, True)
    resembling = BookSearch._resembling

    async def and_then(*args: Any) -> Any:
        found = await resembling(*args)
        await run(shop, "DELETE FROM frequent_prefixes WHERE prefix = 'stony'")
        return found

    monkeypatch.setattr(BookSearch, "_resembling", and_then)
    assert (await asked(shop, q="stonn"))[::2] == (12, False)


async def test_a_first_search_takes_three_statements(shop: Shop):
    await stones(shop)
    with statements() as seen:
        await ids(shop, q="stone")
    assert len(seen) == 3, seen


async def test_pages_behind_those_that_are_remembered(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(books, "FIRST", 4)
    found = await stones(shop)
    for page in (1, 2, 3, 4, 5):
        assert await ids(shop, q="stone", size=2, page=page) == found[2 * page - 2 : 2 * page]


async def test_with_a_filter_the_index_tells(shop: Shop):
    found = await stones(shop)
    assert await asked(shop, q="stone", max_price="2") == (8, found, False)
    assert await asked(shop, q="stone", in_stock="true") == (0, [], False)


async def test_a_frequent_word_is_not_looked_up_beside_a_rare_one(shop: Shop):
    await stones(shop)
    await run(shop, ADD, 100, "A Rare Stone", "B")
    await run(shop, ADD, 101, "Rare", "B")
    forget_searches()
    with statements() as seen:
        assert await ids(shop, q="stone rare") == [100]
    assert any("IS true" in statement for statement in seen)


@pytest.mark.parametrize(
    "change",
    [
        "INSERT INTO books (id, title, author, price) SELECT n, 'Stone', 'A', 1 FROM generate_series(100, 101) n",
        "DELETE FROM books WHERE id IN (1, 2)",
        "UPDATE books SET title = 'Number', author = 'Stone' WHERE id = 2",
        "UPDATE books SET author = 'Nobody' WHERE id = 1",
        "TRUNCATE books CASCADE; INSERT INTO books (title, author, price) VALUES ('Stone', 'A', 1)",
        """
        MERGE INTO books USING (VALUES (1), (2), (900)) AS v (n) ON id = n
        WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (id, title, author, price) VALUES (n, 'Stones', 'A', 1)
        """,
    ],
)
async def test_what_has_changed_since_counts_at_once(shop: Shop, change: str):
    """Seen to fail without the trigger of each."""
    await stones(shop)
    await run(shop, change)
    for _ in ("before the upkeep", "after it"):
        total, found, _told = await asked(shop, q="stone", size=100)
        assert (total, found) == await by_index(shop, q="stone", size=100)
        held = await shop.scalar("SELECT count(*) FROM books WHERE search_vector @@ 'stone:*'")
        assert total == held == len(found)
        await kept(shop)


@pytest.mark.parametrize("change", ["price = 2", "stock_quantity = 3", "title = title", "description = 'stone'"])
async def test_other_changes_make_nothing_stale(shop: Shop, change: str):
    await stones(shop)
    await run(shop, f"UPDATE books SET {change}")
    assert await shop.scalar("SELECT count(*) FROM stale_books") == 0


async def test_with_too_many_stale_books_the_index_tells(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    found = await stones(shop)
    monkeypatch.setattr(bitmaps, "MOST_STALE", 2)
    for book_id, told in ((101, True), (102, True), (103, False)):
        await run(shop, ADD, book_id, "Nothing", "B")
        assert await asked(shop, q="stone") == (8, found, told)


async def test_a_small_shop_does_not_ask_for_bitmaps(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    found = await stones(shop)
    monkeypatch.setattr(books, "LARGE", 8)
    with statements() as seen:
        assert await asked(shop, q="stone") == (8, found, False)
    assert len(seen) == 2, seen


async def test_a_transaction_sees_its_own_changes_and_nobody_else_does(live: Shop):
    for _ in range(5):
        await live.book(title="Stone")
    await keep_bitmaps(live.app.state.database)
    async with live.app.state.database.sessions() as session:
        await session.execute(text("INSERT INTO books (title, author, price) VALUES ('Stone', 'A', 1)"))
        masks = await read_masks(session, ["stone"])
        assert masks is not None
        assert count_of(masks.of["stone"].hits) == 6
        assert (await asked(live, q="stone"))[0] == 5
        await session.rollback()
    assert (await asked(live, q="stone"))[0] == 5
