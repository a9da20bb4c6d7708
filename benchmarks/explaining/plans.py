"""What a plan of PostgreSQL comes to: how long, how many rows were read, by which indexes, what is to be feared."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from benchmarks.explaining.asking import Asked

LARGE = 20_000
"""A scan of a table, or a sort, of more rows than that is a fault of a list."""

Node = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """`milliseconds` of execution, `rows` read from tables and indexes, `steps` in the words of the plan.

    `scanned` are the rows that were read without an index, by table; `sorted_rows` those of the largest sort.
    """

    milliseconds: float
    rows: int
    steps: list[str]
    scanned: dict[str, int]
    sorted_rows: int

    @property
    def dominant(self) -> str:
        """The step that most of the rows come from."""
        return max(self.steps, key=lambda step: int(step.rpartition("(")[2].rstrip(")")), default="").rpartition(" ")[
            0
        ]

    @property
    def fears(self) -> list[str]:
        """What must not be there."""
        scans = [f"Seq Scan {table}" for table, rows in self.scanned.items() if rows > LARGE]
        return [*scans, *([f"Sort of {self.sorted_rows}"] if self.sorted_rows > LARGE else [])]


async def plans_of(engine: AsyncEngine, asked: Iterable[Asked]) -> list[Plan]:
    """The plans of the statements of one transaction, each with what those before it have set."""
    async with engine.connect() as connection:
        plans = [await _plan(connection, statement) for statement in asked]
        await connection.rollback()
        return plans


async def _plan(connection: AsyncConnection, asked: Asked) -> Plan:
    explained = await connection.exec_driver_sql(
        f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {asked.statement}", asked.parameters
    )
    plan = _read_plan(explained.scalar_one()[0])
    if "set_config" in asked.statement:
        await connection.exec_driver_sql(asked.statement, asked.parameters)
    return plan


def _read_plan(explained: Node) -> Plan:
    nodes = list(_nodes(explained["Plan"]))
    scans = [node for node in nodes if "Relation Name" in node or node["Node Type"] == "Bitmap Index Scan"]
    return Plan(
        milliseconds=explained["Execution Time"],
        rows=sum(_read(node) for node in scans),
        steps=list(dict.fromkeys(_named(node) for node in scans if _read(node))),
        scanned={node["Relation Name"]: _read(node) for node in nodes if node["Node Type"] == "Seq Scan"},
        sorted_rows=max((_read_below(node) for node in nodes if "Sort" in node["Node Type"]), default=0),
    )


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    for child in node.get("Plans", ()):
        yield from _nodes(child)


def _read(node: Node) -> int:
    """Rows that went through a scan, those that it threw away included."""
    dropped = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    return round(float((node["Actual Rows"] + dropped) * node["Actual Loops"]))


def _read_below(node: Node) -> int:
    return round(sum(float(child["Actual Rows"] * child["Actual Loops"]) for child in node["Plans"]))


def _named(node: Node) -> str:
    where = node.get("Index Name") or node.get("Relation Name", "")
    return f"{node['Node Type']} {where} ({_read(node)})"
