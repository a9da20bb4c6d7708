"""Checkout over HTTP beside the same rows written by pgbench on the same server, in alternating rounds."""

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks import pgbench
from benchmarks.figures import Figure
from benchmarks.pgbench import Cycle, Ran
from benchmarks.plan import Plan
from benchmarks.stage import BOOKS, COPIES, READERS, Stage
from benchmarks.wrk import THREADS, CannotMeasure, load

_MAIL = "SELECT html, text FROM email_outbox ORDER BY id LIMIT 1"
_BEST_SELLER = """
    SELECT stock_quantity, (SELECT sum(quantity) FROM order_items WHERE book_id = 1) FROM books WHERE id = 1
"""


@dataclass(frozen=True, slots=True)
class Load:
    """What is bought: so many different books of `1..books` at a time.

    `least` is the share of pgbench's rate that is wanted, `p99_ms` the bound on the 99th percentile of checkouts.
    """

    name: str
    adds: int
    books: int
    least: float
    p99_ms: float | None = None


SPREAD = Load("checkout_cycle", adds=2, books=BOOKS, least=1 / 3, p99_ms=100)
HOT = Load("best_seller", adds=1, books=1, least=1 / 2)


def checkout_cycle(stage: Stage, plan: Plan) -> list[Figure]:
    """Two adds and a checkout, readers and books spread."""
    return _measured(SPREAD, stage, plan)


def best_seller(stage: Stage, plan: Plan) -> list[Figure]:
    """An add and a checkout, and everyone wants the same book."""
    figures = _measured(HOT, stage, plan)
    return [*figures, Figure("best_seller.oversold", _oversold(stage), "copies", limit=0)]


def _measured(bought: Load, stage: Stage, plan: Plan) -> list[Figure]:
    in_sql = cycle(stage, bought)
    with stage.serving() as shop:

        def ours(seconds: int) -> dict[str, Any]:
            return over_http(stage, shop.base, bought, seconds)

        def plain(seconds: int) -> Ran:
            return pgbench.run(stage.url, in_sql, "-T", str(seconds))

        ours(plan.warm_up)
        plain(plan.warm_up)
        rounds = alternate(ours, plain, plan)
    if not all(found["cycles"] for found, _ in rounds):
        raise CannotMeasure(f"{bought.name}: no cycle was completed in {plan.seconds} seconds.")
    return _figures(bought, rounds)


def alternate(first: Callable[[int], Any], second: Callable[[int], Any], plan: Plan) -> list[tuple[Any, Any]]:
    """Rounds of both, each time the other way round, so that what comes and goes meets both."""
    rounds = []
    for number in range(plan.rounds):
        if number % 2:
            after = second(plan.seconds)
            rounds.append((first(plan.seconds), after))
        else:
            rounds.append((first(plan.seconds), second(plan.seconds)))
    return rounds


def over_http(stage: Stage, base: str, bought: Load, seconds: int) -> dict[str, Any]:
    """A round of the load generator, which must have met nothing but 201."""
    found = load("cycle.lua", base, seconds, stage.tokens, THREADS, bought.books, bought.adds)
    stage.clear_baskets()
    refused = {status: count for status, count in found["answers"].items() if status != "201"}
    if refused:
        raise CannotMeasure(f"The shop did not sell: answers {found['answers']}.")
    return found


def _figures(bought: Load, rounds: list[tuple[dict[str, Any], Ran]]) -> list[Figure]:
    def median(key: str) -> float:
        return statistics.median(float(found[key]) for found, _ in rounds)

    name = bought.name
    ours = statistics.median(found["cycles"] / found["seconds"] for found, _ in rounds)
    plain = statistics.median(ran.per_second for _, ran in rounds)
    ratio = statistics.median(found["cycles"] / found["seconds"] / ran.per_second for found, ran in rounds)
    return [
        Figure(f"{name}.per_second", ours, "orders/s", least=plain * bought.least),
        Figure(f"{name}.pgbench_per_second", plain, "orders/s"),
        Figure(f"{name}.ratio", ratio, "of pgbench", least=bought.least),
        Figure(f"{name}.checkout_p50_ms", median("checkout_p50_ms"), "ms"),
        Figure(f"{name}.checkout_p99_ms", median("checkout_p99_ms"), "ms", limit=bought.p99_ms),
        Figure(f"{name}.cycle_p50_ms", median("cycle_p50_ms"), "ms"),
        Figure(f"{name}.cycle_p99_ms", median("cycle_p99_ms"), "ms"),
        Figure(f"{name}.pgbench_cycle_p50_ms", statistics.median(ran.p50_ms for _, ran in rounds), "ms"),
        Figure(f"{name}.pgbench_cycle_p99_ms", statistics.median(ran.p99_ms for _, ran in rounds), "ms"),
    ]


def cycle(stage: Stage, bought: Load) -> Cycle:
    """In plain SQL, with the bodies of a mail that the shop wrote."""
    html, text = stage.run(lambda connection: connection.fetchrow(_MAIL))
    return Cycle(bought.adds, bought.books, READERS, html, text)


def _oversold(stage: Stage) -> float:
    """The copies of the best-seller that were sold and are not missing on the shelf."""
    left, sold = stage.run(lambda connection: connection.fetchrow(_BEST_SELLER))
    return float(abs(left + sold - COPIES))
