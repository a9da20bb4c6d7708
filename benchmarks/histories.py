"""Orders made over HTTP before anything is measured: histories to read, and a count of the rows a cycle writes."""

import asyncio
from itertools import islice

import httpx2

from benchmarks.stage import BOOKS, Stage
from benchmarks.wrk import CONNECTIONS

ADDS = 2


def order(stage: Stage, times: int) -> None:
    """The first readers order two books so many times each, all at once."""
    with stage.serving() as shop:
        asyncio.run(_order_all(shop.base, stage, times))


async def _order_all(base: str, stage: Stage, times: int) -> None:
    async with httpx2.AsyncClient(base_url=base, timeout=30) as client:
        tokens = islice(stage.tokens.read_text().splitlines(), CONNECTIONS)
        await asyncio.gather(*[_order(client, token, reader, times) for reader, token in enumerate(tokens)])


async def _order(client: httpx2.AsyncClient, token: str, reader: int, times: int) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    for turn in range(times):
        for add in range(ADDS):
            book = 2 + (reader * times * ADDS + turn * ADDS + add) * 7 % (BOOKS - 1)
            (await client.post("/cart/items", headers=headers, json={"book_id": book})).raise_for_status()
        (await client.post("/orders/checkout", headers=headers, json={})).raise_for_status()
