"""Orders made over HTTP before anything is measured: histories to read, and a count of the rows a cycle writes."""

import asyncio
from itertools import islice

import httpx2

from benchmarks import buying, pgbench
from benchmarks.figures import Figure
from benchmarks.rows import between, require_same, written
from benchmarks.stage import BOOKS, Stage
from benchmarks.wrk import CONNECTIONS


def order(stage: Stage, times: int) -> Figure:
    """The first readers order two books so many times each; the rows that one such cycle writes.

    Raises:
        CannotMeasure: pgbench does not write the same rows.
    """
    empty = stage.run(written)
    with stage.serving() as shop:
        asyncio.run(_order_all(shop.base, stage, times))
    ours = stage.run(written)
    pgbench.run(stage.url, buying.cycle(stage, buying.SPREAD), "-t", str(times))
    rows = between(empty, ours)
    require_same(rows, between(ours, stage.run(written)))
    total = sum(changes.total for changes in rows.values())
    return Figure("checkout_cycle.rows_written", total / (times * CONNECTIONS), "rows, by both")


async def _order_all(base: str, stage: Stage, times: int) -> None:
    async with httpx2.AsyncClient(base_url=base, timeout=30) as client:
        tokens = islice(stage.tokens.read_text().splitlines(), CONNECTIONS)
        await asyncio.gather(*[_order(client, token, reader, times) for reader, token in enumerate(tokens)])


async def _order(client: httpx2.AsyncClient, token: str, reader: int, times: int) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    for turn in range(times):
        for add in range(buying.SPREAD.adds):
            book = 2 + (reader * times * buying.SPREAD.adds + turn * buying.SPREAD.adds + add) * 7 % (BOOKS - 1)
            (await client.post("/cart/items", headers=headers, json={"book_id": book})).raise_for_status()
        (await client.post("/orders/checkout", headers=headers, json={})).raise_for_status()
