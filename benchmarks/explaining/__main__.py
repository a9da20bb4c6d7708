"""`python -m benchmarks.explaining`: what each list costs in the shop that the settings name, as Markdown tables.

The shop is asked for each list as its users ask, and every statement that this takes is explained with its own
parameters. What must not be there, a scan of a table or a sort of many rows, is set in bold.
"""

import asyncio
from statistics import median
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.config import load_settings
from app.core.db.engine import make_engine
from app.core.db.server import database_running
from app.core.db.transaction import Database
from app.main import create_app
from benchmarks.explaining.asking import LOOKS, Asked, Visitor, books_from_the_middle
from benchmarks.explaining.plans import Plan, plans_of
from benchmarks.lists import SHOP_PAGES, addresses

ROUNDS = 3
Part = Annotated[str, typer.Argument(help="Only lists with this in their address.")]


def main(part: Part = "") -> None:
    """Explain the lists of a shop, which `python -m benchmarks.generating` may have filled."""
    settings = load_settings().model_copy(update={"db_pool_size": 1, "db_max_overflow": 0})
    with database_running(settings) as url:
        app = create_app(settings)

        async def explain() -> None:
            engine = make_engine(url, settings)
            app.state.database = Database(engine)
            try:
                await _explain_all(engine, await Visitor.to(app, ROUNDS), part)
            finally:
                await app.state.oauth.aclose()
                await engine.dispose()

        asyncio.run(explain())


async def _explain_all(engine: AsyncEngine, visitor: Visitor, part: str) -> None:
    print("| list | again, ms | ms | rows read | how |\n|---|--:|--:|--:|---|")
    for address in [*addresses(), *books_from_the_middle(visitor.cursors), *SHOP_PAGES]:
        if part in address:
            await _explain(engine, address.partition("&cursor=")[0], await visitor.ask(address))
    for name, look in LOOKS.items():
        if part in name:
            await _explain(engine, name, await visitor.look_up(look))


async def _explain(engine: AsyncEngine, name: str, asked: list[Asked]) -> None:
    plans = await plans_of(engine, asked)
    rows = [_row(plan, statement) for plan, statement in zip(plans, asked, strict=True) if plan.rows > 1]
    for number, row in enumerate(rows or ["| | | | nothing but single rows |"]):
        print(f"| {'' if number else f'`{name}`'} {row}", flush=True)


def _row(plan: Plan, asked: Asked) -> str:
    later = f"{median(asked.seconds[-2:]) * 1000:.1f}" if len(asked.seconds) > 1 else "not again"
    how = "; ".join([*(f"**{fear}**" for fear in plan.fears), *plan.steps])
    return f"| {later} | {plan.milliseconds:.1f} | {plan.rows} | {how} |"


if __name__ == "__main__":
    typer.run(main)
