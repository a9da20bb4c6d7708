"""Operations that are marked as reading write nothing: each of their statements would be committed by itself."""

import asyncpg
import pytest
from fastapi.routing import APIRoute
from httpx2 import AsyncClient

from app.core.config import Settings
from app.core.db.engine import make_engine
from app.core.db.transaction import Database
from app.main import create_app
from tests.orders.support import BERLIN, sold
from tests.support import Shop

QUERIES = {"/books": ("", "?q=emma", "?q=emmma", "?author=austen&in_stock=true", "?sort=price&size=1")}


def addresses() -> list[str]:
    """Of all marked operations, with what they may be asked."""
    routes = create_app(Settings(env="test")).routes
    marked = [route.path for route in routes if isinstance(route, APIRoute) and hasattr(route.endpoint, "only_reads")]
    return [path + query for path in marked for query in QUERIES.get(path, ("",))]


def test_the_mark_is_in_use():
    assert {"/books", "/books/{book_id}", "/orders"} <= set(addresses())


@pytest.mark.parametrize("address", addresses())
async def test_they_are_answered_where_nothing_can_be_written(
    live: Shop, raw: asyncpg.Connection, database_url: str, settings: Settings, address: str
):
    """Seen to fail (500) with an UPDATE in the list of genres."""
    person = await live.person()
    order = await sold(live, person, title="Emma", author="Jane Austen")
    book = order["items"][0]["book_id"]
    await live.add_to_cart(person, book)
    saved = await live.client.post("/addresses", json={"address": BERLIN}, headers=person.headers)
    await raw.execute(
        f"ALTER DATABASE {await raw.fetchval('SELECT current_database()')} SET default_transaction_read_only = on"
    )
    engine = make_engine(database_url, settings)
    live.app.state.database = database = Database(engine, with_autocommit=True)
    client: AsyncClient = live.client
    ids = {"book_id": book, "order_id": order["id"], "address_id": saved.json()["id"], "code": "DE"}
    answer = await client.get(address.format(**ids), headers=person.headers)
    assert answer.status_code == 200, answer.text
    await database.aclose()
