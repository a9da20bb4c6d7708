"""How long each line takes in shops of growing size: the same work, so that only the size makes the difference."""

import re
import secrets
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

import asyncpg
from starlette.concurrency import run_in_threadpool

from app.admin.housekeeping import sweep
from app.core.config import Settings
from app.core.db.engine import make_engine
from app.core.db.server import driver_url, migrate
from app.core.db.transaction import Database
from app.core.embedded import EmbeddedPostgres
from benchmarks.explaining.asking import noted
from benchmarks.explaining.plans import plans_of
from benchmarks.figures import Figure
from benchmarks.generating.__main__ import fill
from benchmarks.growth.lines import FIRST_SEARCHES, LINES, SEARCHES, Operation
from benchmarks.growth.shop import GrownShop, open_shop

SIZES = (10_000, 100_000, 1_000_000)
ROUNDS = 200
_WRITING = re.compile(r"\b(INSERT|UPDATE|DELETE|bookstore_begin_checkout)\b")
WARM = 60
"""So many times come before what is counted: each popular search has been asked for by then, and PostgreSQL, just
started, has read most of what is wanted into its memory.
"""
MOST_GROWTH = 2
MOST_SEARCH_MS = 50


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds: the slowest of the first times, the median and the 95th percentile of the later ones."""

    first: float
    p50: float
    p95: float
    plan: str


Measured = dict[str, list[Timing]]
"""By line; the timings from the smallest shop to the largest."""


async def growth(data: Path, sizes: Sequence[int] = SIZES, rounds: int = ROUNDS) -> tuple[Measured, list[Figure]]:
    """Measure each line in shops of so many books and as many orders, which stay in `data`.

    One durable embedded server holds them; a shop that is there already is brought up to date and used again.
    """
    settings = Settings(
        env="production",
        secret_key=secrets.token_urlsafe(48),
        public_base_url="https://bookstore.example",
        allow_mock_payments=True,
        data=data,
        payment_mock_success_rate=1,
    )
    server = EmbeddedPostgres(data)
    with server.running():
        urls = [await _furnished(server, settings, size) for size in sizes]
        async with AsyncExitStack() as stack:
            shops = [await stack.enter_async_context(open_shop(url, settings)) for url in urls]
            measured = {line: await time_line(shops, operation, rounds) for line, operation in LINES.items()}
    return measured, list(figures(measured, sizes[-1]))


def figures(measured: Measured, largest: int) -> list[Figure]:
    """What goes into the table of all benchmarks."""
    name = f"search_{in_words(largest)}"
    first = {kind: measured[f"first_search.{kind}"][-1].p95 for kind in FIRST_SEARCHES}
    again = {kind: measured[f"search.{kind}"][-1].p95 for kind in SEARCHES}
    ratios = {line: timings[-1].p50 / timings[0].p50 for line, timings in measured.items()}
    return [
        Figure(f"{name}.p95_ms", max(first.values()), "ms", MOST_SEARCH_MS),
        *(Figure(f"{name}.{kind}.p95_ms", p95, "ms", MOST_SEARCH_MS) for kind, p95 in first.items()),
        *(Figure(f"{name}.{kind}.again.p95_ms", p95, "ms", MOST_SEARCH_MS) for kind, p95 in again.items()),
        *(Figure(f"growth.{line}.ratio", ratio, "x", MOST_GROWTH) for line, ratio in ratios.items()),
    ]


def in_words(size: int) -> str:
    """`10k`, `1m`: as names of figures have it."""
    return f"{size // 1_000_000}m" if size >= 1_000_000 else f"{size // 1000}k"


async def _furnished(server: EmbeddedPostgres, settings: Settings, size: int) -> str:
    """The URL of the shop of that size, which is filled if it is not there."""
    name, draft = f"growth_{size}", f"draft_{size}"
    connection = await asyncpg.connect(driver_url(server.url()))
    try:
        if not await connection.fetchval("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name):
            await connection.execute(f"DROP DATABASE IF EXISTS {draft}")
            await connection.execute(f"CREATE DATABASE {draft}")
            await run_in_threadpool(migrate, server.url(draft))
            await fill(driver_url(server.url(draft)), books=size, orders=size, users=max(size // 5, 100))
            await connection.execute(f"ALTER DATABASE {draft} RENAME TO {name}")
    finally:
        await connection.close()
    await run_in_threadpool(migrate, server.url(name))
    await _kept(server.url(name), settings)
    return server.url(name)


async def _kept(url: str, settings: Settings) -> None:
    """What the housekeeping of the shop does within its first hour."""
    engine = make_engine(url, settings)
    try:
        await sweep(Database(engine), settings)
    finally:
        await engine.dispose()


async def time_line(shops: Sequence[GrownShop], operation: Operation, rounds: int) -> list[Timing]:
    """The work is done in each shop until it is warm, then so many times, in turn: whatever else the machine is at
    disturbs all shops alike.
    """
    first = [max([await _once(shop, operation, number) for number in range(WARM)]) for shop in shops]
    times = [[await _once(shop, operation, number) for shop in shops] for number in range(WARM, WARM + rounds)]
    plans = [await _plan(shop, operation, WARM + rounds) for shop in shops]
    return [
        Timing(begun, median(later), quantiles(later, n=20, method="inclusive")[-1], plan)
        for begun, later, plan in zip(first, zip(*times, strict=True), plans, strict=True)
    ]


async def _once(shop: GrownShop, operation: Operation, number: int) -> float:
    began = time.perf_counter()
    await operation(shop, number)
    return (time.perf_counter() - began) * 1000


async def _plan(shop: GrownShop, operation: Operation, number: int) -> str:
    """How the statement that reads the most rows reaches them; of statements that write, nothing is told."""
    with noted(shop.engine) as asked:
        await operation(shop, number)
    reading = [statement for statement in asked if not _WRITING.search(statement.statement)]
    plans = await plans_of(shop.engine, reading)
    return max(plans, key=lambda plan: plan.rows).dominant if plans else ""
