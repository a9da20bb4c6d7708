"""Figures, their limits and verdicts, as a table and as JSON."""

import json

import pytest

from benchmarks import buying, reading, report
from benchmarks.buying import HOT, SPREAD, alternate
from benchmarks.figures import Figure
from benchmarks.pgbench import Ran, percentile
from benchmarks.plan import Plan

TIMES = {"checkout_p50_ms": 20.0, "checkout_p99_ms": 90.0, "cycle_p50_ms": 50.0, "cycle_p99_ms": 150.0}


@pytest.mark.parametrize(
    ("figure", "bound", "verdict"),
    [
        (Figure("a", 3, "s", limit=3), "≤ 3 s", "ok"),
        (Figure("a", 3.01, "s", limit=3), "≤ 3 s", "missed"),
        (Figure("a", 0.5, "x", least=0.5), "≥ 0.5 x", "ok"),
        (Figure("a", 0.49, "x", least=0.5), "≥ 0.5 x", "missed"),
        (Figure("a", 1, "copies", limit=0), "≤ 0 copies", "missed"),
        (Figure("a", 0.49, "x"), "", ""),
    ],
)
def test_a_figure_is_judged_by_its_bound(figure: Figure, bound: str, verdict: str):
    assert (figure.bound_text(), figure.verdict()) == (bound, verdict)


def test_the_json_has_each_value_and_each_limit():
    figures = [Figure("list_page.ratio", 0.31251, "of hello", least=0.25), Figure("hello.p99_ms", 9, "ms")]
    assert json.loads(report.as_json(figures)) == {
        "list_page.ratio": 0.313,
        "hello.p99_ms": 9,
        "list_page.ratio.limit": 0.25,
    }


def test_the_table_shows_the_limit_beside_the_figure(capsys: pytest.CaptureFixture[str]):
    report.show([Figure("list_page.ratio", 0.2, "of hello", least=0.25)])
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "list_page" in line]
    assert [cell.strip() for cell in line.strip("│").split("│")] == [
        "list_page.ratio",
        "0.20 of hello",
        "≥ 0.25 of hello",
        "missed",
    ]


def rounds(*pairs: tuple[int, float]) -> list[tuple[dict[str, float], Ran]]:
    return [({**TIMES, "cycles": ours, "seconds": 2.0}, Ran(plain, 10.0, 20.0)) for ours, plain in pairs]


def test_checkout_is_judged_by_the_rate_of_pgbench_in_the_same_rounds():
    figures = {figure.name: figure for figure in buying._figures(SPREAD, rounds((200, 300), (80, 300), (100, 120)))}
    assert figures["checkout_cycle.per_second"].value == 50
    assert figures["checkout_cycle.per_second"].bound == 100
    assert figures["checkout_cycle.pgbench_per_second"].value == 300
    assert figures["checkout_cycle.ratio"].value == pytest.approx(1 / 3)
    assert figures["checkout_cycle.ratio"].bound == pytest.approx(1 / 3)
    assert figures["checkout_cycle.checkout_p99_ms"].verdict() == "ok"
    assert {figure.name for figure in buying._figures(HOT, rounds((1, 1)))} >= {"best_seller.ratio"}


def test_reading_is_judged_by_the_bare_route_of_the_same_rounds():
    def found(requests: int) -> dict[str, float]:
        return {"requests": requests, "seconds": 2.0, "p99_ms": 5.0}

    asked = [{"hello": found(1000), "list_page": found(200)}, {"hello": found(2000), "list_page": found(600)}]
    figures = {figure.name: figure for figure in reading._figures("list_page", asked)}
    assert figures["list_page.per_second"].value == 200
    assert figures["list_page.per_second"].bound == pytest.approx(750 / 4)
    assert figures["list_page.ratio"].value == pytest.approx(0.25)
    assert figures["list_page.ratio"].verdict() == "ok"
    assert "hello.ratio" not in {figure.name for figure in reading._figures("hello", asked)}


def test_rounds_take_turns_in_going_first():
    order: list[str] = []

    def goes(name: str):
        def run(_: int) -> str:
            order.append(name)
            return name

        return run

    assert alternate(goes("ours"), goes("plain"), Plan(rounds=3)) == [("ours", "plain")] * 3
    assert order == ["ours", "plain", "plain", "ours", "ours", "plain"]


def test_percentiles_are_values_that_were_seen():
    values = [float(value) for value in range(100, 0, -1)]
    assert (percentile(values, 0.5), percentile(values, 0.99), percentile([7.0], 0.99)) == (50, 99, 7)
