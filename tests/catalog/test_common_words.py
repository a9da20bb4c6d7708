"""Searches with very many hits: counted, but not weighed one by one."""

import pytest

from app.catalog.search import matching
from tests.catalog.support import ids, listed
from tests.statements import statements
from tests.support import Shop


@pytest.fixture(autouse=True)
def three_are_common(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(matching, "COMMON", 3)


async def six(shop: Shop) -> tuple[list[int], list[int]]:
    """Books with `stone` in their titles, and others by an author of that name, in turn."""
    titles, authors = [], []
    for number in range(3):
        authors.append(await shop.book(title=f"Number {number}", author="Irving Stone"))
        titles.append(await shop.book(title="Stones of Venice" if number else "The Stone", author="A"))
    return titles, authors


async def test_titles_come_first_then_authors_each_by_id(shop: Shop):
    titles, authors = await six(shop)
    assert await ids(shop, q="stone", size=100) == titles + authors
    assert (await listed(shop, q="stone"))["total"] == 6


async def test_pages_follow_one_another_across_titles_and_authors(shop: Shop):
    titles, authors = await six(shop)
    pages = [await ids(shop, q="stone", size=2, page=page) for page in (1, 2, 3, 4)]
    assert pages == [titles[:2], [titles[2], authors[0]], authors[1:], []]


async def test_all_words_must_stand_in_the_title_to_come_first(shop: Shop):
    mixed = await shop.book(title="The House", author="Irving Stone")
    both = [await shop.book(title=f"Stone House {number}", author="A") for number in range(4)]
    await shop.book(title="The House", author="A")
    assert await ids(shop, q="stone house") == [*both, mixed]


async def test_filters_apply(shop: Shop):
    titles, _ = await six(shop)
    genre = await shop.genre("Novel")
    chosen = [await shop.book(title="Stone", genre_id=genre) for _ in range(4)]
    assert await ids(shop, q="stone", genre_id=genre) == chosen
    assert (await listed(shop, q="stone", genre_id=genre))["total"] == 4
    assert await ids(shop, q="stone", size=100, max_price="10.00") == [*titles, *chosen, *(await six_authors(shop))]


async def six_authors(shop: Shop) -> list[int]:
    return [row.id for row in await shop.rows("SELECT id FROM books WHERE author = 'Irving Stone' ORDER BY id")]


async def test_so_many_hits_as_are_still_weighed_are(shop: Shop):
    beginning = await shop.book(title="Stones")
    whole = await shop.book(title="Stone")
    await shop.book(title="Stonehenge")
    found = await ids(shop, q="stone")
    assert (found[0], len(found)) == (whole, 3)
    await shop.book(title="Stonewall")
    found = await ids(shop, q="stone")
    assert (found[0], len(found)) == (beginning, 4)


async def test_it_takes_few_statements(live: Shop):
    await six(live)
    for _ in ("first", "remembered"):
        with statements() as seen:
            await ids(live, q="stone")
        assert len(seen) == 2, seen
