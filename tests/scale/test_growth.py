"""The benchmarks of growth, in a shop that has hardly begun to grow."""

from fastapi import FastAPI

from app.core.config import Settings
from app.core.db.server import driver_url
from app.verify.service import verify_patiently
from benchmarks.generating.__main__ import fill
from benchmarks.growth.lines import LINES
from benchmarks.growth.measuring import Timing, figures, time_line
from benchmarks.growth.shop import open_shop


async def test_every_line_is_measured(live_app: FastAPI, database_url: str, settings: Settings):
    await fill(driver_url(database_url), books=600, orders=600, users=300)
    lucky = settings.model_copy(update={"payment_mock_success_rate": 1})
    async with open_shop(database_url, lucky) as shop:
        for line, operation in LINES.items():
            [timing] = await time_line([shop], operation, rounds=2)
            assert 0 < timing.p50 <= timing.p95, line
            assert timing.plan, line
    verification = await verify_patiently(live_app.state.database)
    assert [law.name for law in verification.laws if not law.ok] == []


def test_growth_is_told_by_line_and_search_by_kind():
    measured = {line: [Timing(9, 2, 4, ""), Timing(90, 5, 30, "")] for line in LINES}
    measured["first_search.typo"] = [Timing(9, 2, 4, ""), Timing(500, 6, 51, "")]
    told = {figure.name: figure for figure in figures(measured, 1_000_000)}
    assert told["search_1m.p95_ms"].value == told["search_1m.typo.p95_ms"].value == 51
    assert told["search_1m.p95_ms"].verdict() not in {"", "ok"}
    assert told["search_1m.one_word.p95_ms"].verdict() == "ok"
    assert told["search_1m.typo.again.p95_ms"].value == 30
    assert told["growth.first_search.typo.ratio"].verdict() not in {"", "ok"}
    assert (told["growth.checkout.ratio"].value, told["growth.checkout.ratio"].limit) == (2.5, 2)
    assert {f"growth.{line}.ratio" for line in LINES} <= set(told)
