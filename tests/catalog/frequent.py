"""What tests of frequent prefixes ask over and over."""

from typing import Any

import pytest

from app.catalog.search import books
from app.catalog.search.books import BookSearch, forget_searches
from app.catalog.search.upkeep import keep_bitmaps
from tests.catalog.support import listed
from tests.support import Shop

ADD = "INSERT INTO books (id, title, author, price) VALUES ($1, $2, $3, 1)"
FREQUENT = "SELECT prefix FROM frequent_prefixes WHERE ready ORDER BY prefix"


async def kept(shop: Shop) -> Shop:
    """The shop after its upkeep."""
    await keep_bitmaps(shop.app.state.database)
    return shop


async def asked(shop: Shop, **query: Any) -> tuple[int, list[int], bool]:
    """Total, ids, and whether the bitmaps told, with nothing remembered."""
    forget_searches()
    told = False
    books_of = BookSearch._books_of

    async def noting(*args: Any) -> Any:
        nonlocal told
        told = True
        return await books_of(*args)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BookSearch, "_books_of", noting)
        answer = await listed(shop, **query)
    return answer["total"], [book["id"] for book in answer["items"]], told


async def by_index(shop: Shop, **query: Any) -> tuple[int, list[int]]:
    """The same when the bitmaps do not tell."""

    async def none(*_: object) -> None:
        return None

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(books, "read_masks", none)
        total, found, told = await asked(shop, **query)
    assert not told
    return total, found


async def run(shop: Shop, statement: str, *values: object) -> None:
    """In the transaction of the test."""
    async with shop.app.state.database.sessions() as session:
        driver = (await (await session.connection()).get_raw_connection()).driver_connection
        await driver.execute(statement, *values)
        await session.commit()


async def stones(shop: Shop) -> list[int]:
    """Eight books, the even ones with the word in the title; the upkeep has been."""
    for number in range(1, 9):
        title, author = ("The Stone", "A") if number % 2 == 0 else ("Number", "Irving Stone")
        await run(shop, ADD, number, title, author)
    await kept(shop)
    return [2, 4, 6, 8, 1, 3, 5, 7]


async def frequent(shop: Shop) -> list[str]:
    return [row.prefix for row in await shop.rows(FREQUENT)]
