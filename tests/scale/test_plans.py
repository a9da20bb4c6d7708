"""Where PostgreSQL may scan a table only if there is no other way, no list makes it do so: each has its index."""

import asyncpg
import pytest
from fastapi import FastAPI

from app.core.db.server import driver_url
from benchmarks.explaining.asking import LOOKS, Visitor, books_from_the_middle
from benchmarks.explaining.plans import plans_of
from benchmarks.generating.__main__ import fill
from benchmarks.lists import SHOP_PAGES, addresses

FEW = 60
"""Genres, picks and other small tables are scanned."""
PAGE = 300
"""The lines of the orders of a page are sorted, and the books of a page that was found by its ids."""
SORTING = ("q=", "top-books", "/shop/suggest")
"""Hits are sorted by relevance, and sums by their size: whatever has a place in an index is not."""


@pytest.fixture
async def visitor(live_app: FastAPI, raw: asyncpg.Connection, database_url: str) -> Visitor:
    """In a shop of a thousand books, and of as many orders."""
    await fill(driver_url(database_url), books=1000, orders=1000, users=1000)
    name = await raw.fetchval("SELECT current_database()")
    await raw.execute(f"ALTER DATABASE {name} SET enable_seqscan = off")
    return await Visitor.to(live_app)


async def test_every_list_has_its_index(live_app: FastAPI, visitor: Visitor):
    asked = {
        address: await visitor.ask(address)
        for address in [*addresses(), *books_from_the_middle(visitor.cursors), *SHOP_PAGES]
    }
    asked |= {name: await visitor.look_up(look) for name, look in LOOKS.items()}
    faults = [
        (address, plan)
        for address, statements in asked.items()
        for plan in await plans_of(live_app.state.database.engine, statements)
        if any(rows > FEW for rows in plan.scanned.values())
        or (plan.sorted_rows > PAGE and not any(part in address for part in SORTING))
    ]
    assert faults == []
