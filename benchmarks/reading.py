"""Reading over HTTP beside a bare route of the same server process."""

import statistics
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure
from benchmarks.hello import PATH as HELLO
from benchmarks.plan import Plan
from benchmarks.stage import BOOKS, Stage
from benchmarks.starting import MAX_WORKER_MB, heaviest_worker
from benchmarks.wrk import CONNECTIONS, CannotMeasure, load

SHARE_OF_HELLO = 1 / 4
NAMES = ("hello", "book_page", "list_page", "search", "order_history", "book_html", "shop_html")
WORDS = ("garden", "the+thief", "gar", "tolstoy", "silent+river", "garcia")


def reading(stage: Stage, plan: Plan) -> list[Figure]:
    """Each kind of reading in turn, round after round."""
    files = listed(stage)
    with stage.serving() as shop:
        for file in files.values():
            ask(shop.base, file, plan.warm_up)
        rounds = [
            {name: ask(shop.base, file, plan.seconds) for name, file in files.items()} for _ in range(plan.rounds)
        ]
        weight = heaviest_worker(shop.pid)
    figures = [figure for name in NAMES for figure in _figures(name, rounds)]
    return [*figures, Figure("worker.resident_after_reading", weight, "MB", limit=MAX_WORKER_MB)]


def listed(stage: Stage) -> dict[str, Path]:
    """Files of addresses, by the name of the figure."""
    files = {name: stage.data / f"{name}.addresses" for name in NAMES}
    for name, lines in _addresses(stage).items():
        files[name].write_text("".join(f"{line}\n" for line in lines))
    return files


def _addresses(stage: Stage) -> dict[str, list[str]]:
    """What is asked for, by the name of the figure; after a tab the token of who asks."""
    books = range(1, BOOKS + 1, 37)
    pages = range(1, 21)
    tokens = stage.tokens.read_text().splitlines()[:CONNECTIONS]
    return {
        "hello": [HELLO],
        "book_page": [f"/books/{book}" for book in books],
        "list_page": [f"/books?size=20&page={page}" for page in pages],
        "search": [f"/books?q={word}&size=20" for word in WORDS],
        "order_history": [f"/orders?limit=20\t{token}" for token in tokens],
        "book_html": [f"/shop/books/{book}" for book in books],
        "shop_html": [f"/shop?page={page}" for page in pages],
    }


def ask(base: str, addresses: Path, seconds: int) -> dict[str, Any]:
    """A round of the load generator; all it asked for must have been given."""
    found = load("pages.lua", base, seconds, addresses)
    if found["refused"] or not found["requests"]:
        raise CannotMeasure(
            f"The shop refused {found['refused']} of {found['requests']} requests of {addresses.stem}."
        )
    return found


def _figures(name: str, rounds: list[dict[str, dict[str, Any]]]) -> list[Figure]:
    def rate(found: dict[str, Any]) -> float:
        return float(found["requests"] / found["seconds"])

    per_second = statistics.median(rate(found[name]) for found in rounds)
    ratio = statistics.median(rate(found[name]) / rate(found["hello"]) for found in rounds)
    bound = SHARE_OF_HELLO if name in {"book_page", "list_page"} else None
    bare = statistics.median(rate(found["hello"]) for found in rounds)
    figures = [
        Figure(f"{name}.per_second", per_second, "requests/s", least=None if bound is None else bare * bound),
        Figure(f"{name}.p99_ms", statistics.median(found[name]["p99_ms"] for found in rounds), "ms"),
    ]
    return figures if name == "hello" else [*figures, Figure(f"{name}.ratio", ratio, "of hello", least=bound)]
