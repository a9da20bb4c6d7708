"""Searches for frequent prefixes go by bitmaps, and find what the index finds."""

import random
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text

from app.catalog import bitmaps, matching, prefix_upkeep, search
from app.catalog.bitmaps import Bitmaps, number_of
from app.catalog.models import CHUNK
from app.catalog.prefix_upkeep import choose_prefixes, draw_awaited, draw_stale_chunk, keep_bitmaps
from app.catalog.search import forget_searches
from app.housekeeping import sweep
from tests.catalog.support import ids, listed
from tests.statements import statements
from tests.support import Shop

ADD = "INSERT INTO books (id, title, author, price) VALUES ($1, $2, $3, 1)"
FREQUENT = "SELECT prefix FROM frequent_prefixes WHERE ready ORDER BY prefix"
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


@pytest.fixture(autouse=True)
def few_are_many(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(prefix_upkeep, "FREQUENT", 4)
    monkeypatch.setattr(matching, "COMMON", 2)
    monkeypatch.setattr(matching, "ALIKE", 2)
    monkeypatch.setattr(search, "LARGE", -1)
    forget_searches()


async def kept(shop: Shop) -> Shop:
    """The shop after its upkeep."""
    await keep_bitmaps(shop.app.state.database)
    return shop


async def asked(shop: Shop, **query: Any) -> tuple[int, list[int], bool]:
    """Total, ids, and whether the bitmaps told, with nothing remembered."""
    forget_searches()
    with statements() as seen:
        answer = await listed(shop, **query)
    return answer["total"], [book["id"] for book in answer["items"]], any("prefix_bitmaps" in each for each in seen)


async def by_index(shop: Shop, **query: Any) -> tuple[int, list[int]]:
    """The same when the bitmaps do not tell."""

    async def none(*_: object) -> None:
        return None

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Bitmaps, "masks", none)
        total, found, told = await asked(shop, **query)
    assert not told
    return total, found


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


async def run(shop: Shop, statement: str, *values: object) -> None:
    """In the transaction of the test."""
    async with shop.app.state.database.sessions() as session:
        driver = (await (await session.connection()).get_raw_connection()).driver_connection
        await driver.execute(statement, *values)
        await session.commit()


@pytest.mark.parametrize("seed", range(3))
async def test_bitmaps_find_what_the_index_finds(shop: Shop, seed: int):
    """Before the upkeep, after it, after changes that it has not seen, and after those that it has."""
    chance = random.Random(seed)
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


async def stones(shop: Shop) -> list[int]:
    """Eight books, the even ones with the word in the title; the upkeep has been."""
    for number in range(1, 9):
        title, author = ("The Stone", "A") if number % 2 == 0 else ("Number", "Irving Stone")
        await run(shop, ADD, number, title, author)
    await kept(shop)
    return [2, 4, 6, 8, 1, 3, 5, 7]


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
    masks = Bitmaps.masks

    async def and_then(*args: Any) -> Any:
        found = await masks(*args)
        await raw.execute("UPDATE books SET title = 'Other' WHERE id = $1", whole)
        return found

    monkeypatch.setattr(Bitmaps, "masks", and_then)
    with statements() as seen:
        assert await asked(live, q="the stone") == (1, [beginning], True)
    assert any("unnest" in statement for statement in seen)


@pytest.mark.parametrize("q", ["stone rare", "stonn"])
async def test_what_was_found_while_the_catalogue_changed_is_not_remembered(
    live: Shop, raw: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch, q: str
):
    """The bitmaps are read before the change, and after it what the index adds."""
    monkeypatch.setattr(prefix_upkeep, "FREQUENT", 7)
    for title, count in (("Stone", 6), ("A Rare Stone", 6), ("Stony", 1)):
        for _ in range(count):
            await live.book(title=title, author="B")
    await kept(live)
    masks = Bitmaps.masks

    async def and_then(*args: Any) -> Any:
        found = await masks(*args)
        await raw.execute("INSERT INTO books (title, author, price) VALUES ('Rare Stony Stone', 'B', 1)")
        return found

    monkeypatch.setattr(Bitmaps, "masks", and_then)
    assert (await asked(live, q=q))[0] >= 6
    assert not search._REMEMBERED._answers


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


async def test_a_first_search_takes_four_statements(shop: Shop):
    await stones(shop)
    with statements() as seen:
        await ids(shop, q="stone")
    assert len(seen) == 4, seen


async def test_pages_behind_those_that_are_remembered(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(search, "FIRST", 4)
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
        total, listing, by_bitmap = await asked(shop, q="stone")
        used = await by_bitmaps_alone(shop)
        assert (total, listing, by_bitmap, used) == (8, found, True, told)


async def by_bitmaps_alone(shop: Shop) -> bool:
    """Whether the bitmaps can be used."""
    async with shop.app.state.database.sessions() as session:
        return await Bitmaps(session).masks(["stone"]) is not None


async def test_what_is_no_longer_frequent_is_forgotten_when_it_is_half_as_frequent(shop: Shop):
    await stones(shop)
    assert "stone" in await frequent(shop)
    for left, still in ((3, True), (2, False)):
        await run(shop, "DELETE FROM books WHERE id > $1", left)
        await kept(shop)
        assert ("stone" in await frequent(shop)) is still
    assert await shop.scalar("SELECT count(*) FROM prefix_bitmaps WHERE prefix = 'stone'") == 0
    assert (await asked(shop, q="stone"))[0] == 2


async def frequent(shop: Shop) -> list[str]:
    return [row.prefix for row in await shop.rows(FREQUENT)]


async def test_a_small_shop_does_not_ask_for_bitmaps(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    found = await stones(shop)
    monkeypatch.setattr(search, "LARGE", 8)
    with statements() as seen:
        assert await asked(shop, q="stone") == (8, found, False)
    assert len(seen) == 2, seen


async def test_a_small_shop_has_no_bitmaps(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(prefix_upkeep, "FREQUENT", 10_000)
    for number in range(5):
        await run(shop, ADD, number * CHUNK + 1, "The Stone", "A")
    with statements() as seen:
        await kept(shop)
    assert await frequent(shop) == []
    assert await shop.scalar("SELECT count(*) FROM stale_books") == 0
    assert sum("DELETE FROM stale_books" in statement for statement in seen) == 1, seen


async def test_housekeeping_keeps_the_bitmaps(live: Shop):
    for _ in range(5):
        await live.book(title="Stone")
    await sweep(live.app.state.database)
    assert "stone" in await frequent(live)
    assert (await asked(live, q="stone"))[2]


async def test_upkeep_that_has_nothing_to_do_does_nothing(shop: Shop):
    await stones(shop)
    with statements() as seen:
        await kept(shop)
    assert not any(word in statement for statement in seen for word in ("INSERT", "DELETE", "UPDATE", "ts_stat"))


async def test_upkeep_leaves_it_to_another_that_is_at_it(live: Shop, raw: asyncpg.Connection):
    for _ in range(5):
        await live.book(title="Stone")
    async with raw.transaction():
        await raw.execute("SELECT pg_advisory_xact_lock($1)", prefix_upkeep._LOCK_KEY)
        await keep_bitmaps(live.app.state.database)
        assert await live.scalar("SELECT count(*) FROM frequent_prefixes") == 0
    await keep_bitmaps(live.app.state.database)
    assert "stone" in await frequent(live)


Step = Callable[[Any], Awaitable[object]]


@pytest.mark.parametrize("cut", [choose_prefixes, draw_stale_chunk])
async def test_upkeep_that_was_cut_short_is_completed_by_the_next(live: Shop, cut: Step):
    database = live.app.state.database
    for _ in range(5):
        await live.book(title="Stone")
    for step in (choose_prefixes, draw_stale_chunk):
        await database.transaction(step)
        assert await asked(live, q="stone") == (5, await ids(live), False)
        assert not await by_bitmaps_alone(live)
        if step is cut:
            break
    await keep_bitmaps(database)
    assert await asked(live, q="stone") == (5, await ids(live), True)


@pytest.mark.parametrize("step", [draw_stale_chunk, draw_awaited])
async def test_who_changes_books_while_bitmaps_are_drawn_is_not_overlooked(
    live: Shop, raw: asyncpg.Connection, step: Step
):
    """A change that is not committed when a chunk is drawn, but soon after. Seen to fail where stale books were
    forgotten in a statement after the one that draws.
    """
    database = live.app.state.database
    for _ in range(5):
        await live.book(title="Stone")
    await keep_bitmaps(database)
    await live.book(title="Stone")
    if step is draw_awaited:
        await live.rows("DELETE FROM frequent_prefixes")
        await database.transaction(choose_prefixes)
    async with raw.transaction():
        await raw.execute("INSERT INTO books (title, author, price) VALUES ('Stone', 'Late', 1)")
        await raw.execute("DELETE FROM books WHERE id = (SELECT min(id) FROM books)")
        await database.transaction(step)
        if step is draw_awaited:
            assert "stone" in await frequent(live)
        before = await asked(live, q="stone")
        assert before == (6, await ids(live), True)
    after = await asked(live, q="stone")
    assert after == (6, await ids(live), True)
    assert after[1] != before[1]


async def test_a_transaction_sees_its_own_changes_and_nobody_else_does(live: Shop):
    for _ in range(5):
        await live.book(title="Stone")
    await keep_bitmaps(live.app.state.database)
    async with live.app.state.database.sessions() as session:
        await session.execute(text("INSERT INTO books (title, author, price) VALUES ('Stone', 'A', 1)"))
        masks = await Bitmaps(session).masks(["stone"])
        assert masks is not None
        assert number_of(masks.of["stone"].hits) == 6
        assert (await asked(live, q="stone"))[0] == 5
        await session.rollback()
    assert (await asked(live, q="stone"))[0] == 5
