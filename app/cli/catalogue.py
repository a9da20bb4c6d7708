"""`bookstore seed` and `bookstore import`."""

import asyncio
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from functools import partial
from pathlib import Path
from typing import Annotated

import asyncpg
import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

import app.orders.models  # noqa: F401 - mails to those who wait refer to orders
from app.admin.restock import tells_waiting
from app.catalog.importer import ImportOptions, import_csv, parse_mapping
from app.catalog.search import keep_bitmaps
from app.cli import demo
from app.cli.import_report import render_report
from app.cli.terminal import errors, on_database, out, ready, with_database
from app.core.config import Settings, load_settings
from app.core.db.server import database_running, driver_url
from app.core.db.transaction import Database
from app.core.errors import TryAgain
from app.mail.outbox import Outbox


def seed() -> None:
    """Fill the shop with the demo catalogue; what is there already stays as it is."""
    added = on_database(demo.seed)
    out.print(f"{added} books added, the rest was there." if added else "The demo catalogue was there already.")


def import_file(
    file: Annotated[Path, typer.Argument(help="A CSV file with a header.")],
    mapping: Annotated[
        list[str] | None, typer.Option("--map", metavar="COLUMN=FIELD", help="Which column holds which field.")
    ] = None,
    default_price: Annotated[str | None, typer.Option(help="Price of new books without one.")] = None,
    default_stock: Annotated[int, typer.Option(help="Copies of new books without a stock.")] = 0,
    dry_run: Annotated[bool, typer.Option(help="Report only; store nothing.")] = False,
) -> None:
    """Import books: new ones are created, known ones (by ISBN, else title and author) updated."""
    settings = load_settings()
    options = ImportOptions(
        mapping=parse_mapping(mapping or []),
        default_price=None if default_price is None else _decimal(default_price),
        default_stock=default_stock,
        dry_run=dry_run,
        max_genres=settings.max_genres,
    )
    with database_running(settings) as url:
        ready(settings, url)
        asyncio.run(_require_schema(settings, url))
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
        with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as bar:
            task = bar.add_task(file.name)
            report = asyncio.run(
                import_csv(
                    partial(asyncpg.connect, driver_url(url), statement_cache_size=0 if settings.db_pooler else 100),
                    file,
                    options,
                    on_progress=lambda done, total: bar.update(task, completed=done, total=total),
                    restocked=tells_waiting(Outbox(settings, settings.keys())),
                )
            )
            if not dry_run:
                bar.add_task("frequent words", total=None)
                asyncio.run(with_database(settings, url, _keep_bitmaps))
    render_report(report, out)


async def _keep_bitmaps(database: Database) -> None:
    """All is stored by now; what is left undone here, the shop does within the hour."""
    with suppress(TryAgain):
        await keep_bitmaps(database)


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise typer.BadParameter("write a price such as 12.99", param_hint="--default-price") from error


async def _require_schema(settings: Settings, url: str) -> None:
    async def nothing(_: Database) -> None:
        return None

    await with_database(settings, url, nothing)
