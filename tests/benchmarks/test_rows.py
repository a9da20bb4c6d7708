"""What pgbench writes for a cycle is what the shop writes for it."""

import re

import asyncpg
import pytest

from benchmarks import pgbench
from benchmarks.buying import HOT, SPREAD, Load
from benchmarks.pgbench import Cycle
from benchmarks.rows import Rows, between, require_same, written
from benchmarks.stage import CATALOGUE
from benchmarks.wrk import CannotMeasure
from tests.support import Shop

READERS, BOOKS = 4, 60


@pytest.fixture
async def stocked(live: Shop, raw: asyncpg.Connection) -> Shop:
    await raw.execute(CATALOGUE.read_text().format(books=BOOKS, readers=READERS, copies=50))
    return live


async def cycle_over_http(shop: Shop, adds: int) -> None:
    headers = {"Authorization": f"Bearer {shop.token(1)}"}
    for book in range(1, 1 + adds):
        answer = await shop.client.post("/cart/items", headers=headers, json={"book_id": book})
        assert answer.status_code == 201
    assert (await shop.client.post("/orders/checkout", headers=headers, json={})).status_code == 201
    await shop.app.state.database.aclose()


@pytest.mark.parametrize("bought", [SPREAD, HOT], ids=lambda bought: bought.name)
async def test_pgbench_writes_the_rows_that_the_shop_writes(
    stocked: Shop, raw: asyncpg.Connection, database_url: str, bought: Load
):
    """Seen to fail with `INSERT INTO email_outbox`, or one of the updates, taken out of sql/checkout.sql."""
    empty = await written(raw)
    await cycle_over_http(stocked, bought.adds)
    ours = await written(raw)
    html, text = await raw.fetchrow("SELECT html, text FROM email_outbox")
    cycle = Cycle(bought.adds, min(bought.books, BOOKS), READERS, html, text)
    pgbench.run(database_url, cycle, "-t", "1", clients=1, threads=1)
    plain = between(ours, await written(raw))

    require_same(between(empty, ours), plain)
    assert plain["orders"] == Rows(inserted=1)
    assert plain["cart_items"] == Rows(inserted=bought.adds, deleted=bought.adds)
    mails = await raw.fetch("SELECT length(html) AS html, length(text) AS text FROM email_outbox")
    assert len({tuple(mail) for mail in mails}) == 1, "mails of the same size"


async def test_pgbench_keeps_the_laws_of_the_shop(stocked: Shop, raw: asyncpg.Connection, database_url: str):
    cycle = Cycle(SPREAD.adds, BOOKS, READERS, "<p>Thank you.</p>", "Thank you.")
    ran = pgbench.run(database_url, cycle, "-t", "5", clients=2, threads=1)
    assert ran.per_second > 0
    assert 0 < ran.p50_ms <= ran.p99_ms

    admin = await stocked.admin()
    verification = (await stocked.client.get("/admin/verify", headers=admin.headers)).json()
    assert verification["ok"], [law for law in verification["laws"] if not law["ok"]]
    assert await raw.fetchval("SELECT count(*) FROM orders") == 10


async def test_pgbench_that_stops_half_way_is_no_measurement(stocked: Shop, database_url: str):
    """There are 50 copies of the book. Seen to fail without the look at pgbench's exit code."""
    with pytest.raises(CannotMeasure, match="ck_books_stock_not_negative"):
        pgbench.run(database_url, Cycle(HOT.adds, HOT.books, READERS, "H", "T"), "-t", "60", clients=1, threads=1)


def test_differing_rows_are_told_by_table():
    ours = {"orders": Rows(inserted=2), "carts": Rows(updated=3)}
    plain = {"orders": Rows(inserted=2), "carts": Rows(updated=2, deleted=1), "notices": Rows(inserted=1)}
    told = "(carts: 3 updated and 2 updated, 1 deleted; notices: nothing and 1 inserted)"
    with pytest.raises(CannotMeasure, match=re.escape(told)):
        require_same(ours, plain)
    require_same(ours, dict(ours))
