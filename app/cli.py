"""The `bookstore` command. Each command works whether the shop is running or not."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from functools import partial
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Annotated

import asyncpg
import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from sqlalchemy.exc import SQLAlchemyError

import app
from app import demo, export_commands, housekeeping, job_commands, mail_commands, serving, staff_commands
from app.admin.restock import tells_waiting
from app.catalog.bitmap_upkeep import keep_bitmaps
from app.catalog.importer import ImportFailed, ImportOptions, import_csv, parse_mapping, render_report
from app.core.config import ConfigurationError, Settings, load_settings
from app.core.db.server import (
    PROJECT,
    DatabaseUnusable,
    database_running,
    driver_url,
    libpq_url,
    newest_revision,
    reason,
    too_few_connections,
)
from app.core.db.server import migrate as migrate_database
from app.core.db.transaction import Database
from app.core.embedded import EmbeddedPostgres, EmbeddedPostgresError, program
from app.core.errors import DomainError, TryAgain
from app.notifications.outbox import Outbox
from app.terminal import errors, on_database, out, ready, with_database
from app.verify.render import render_verification
from app.verify.service import verify_patiently

cli = typer.Typer(no_args_is_help=True, add_completion=False, help="Run a bookshop.", pretty_exceptions_enable=False)
db = typer.Typer(no_args_is_help=True, help="The embedded PostgreSQL, and a prompt on whichever serves the shop.")
cli.add_typer(db, name="db")
cli.command("create-admin")(staff_commands.create_admin)
cli.command("promote")(staff_commands.promote)
cli.command("demote")(staff_commands.demote)
cli.command("worker")(job_commands.worker)
cli.command("export")(export_commands.export)
cli.add_typer(mail_commands.outbox, name="outbox")
cli.add_typer(job_commands.jobs, name="jobs")

SENTENCES = (
    ConfigurationError,
    EmbeddedPostgresError,
    DatabaseUnusable,
    ImportFailed,
    serving.CannotServe,
)


def main() -> None:
    """Run the command; what can go wrong outside our hands is one sentence and exit code 1."""
    signal.signal(signal.SIGTERM, _leave)
    try:
        cli()
    except SENTENCES as problem:
        _fail(str(problem))
    except DomainError as problem:
        _fail(problem.detail)
    except (SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError) as problem:
        _fail(f"The database refused: {reason(problem)}.")
    except (ConnectionError, TimeoutError) as problem:
        _fail(f"The database does not answer: {reason(problem)}.")
    except OSError as problem:
        where = f" ({problem.filename})" if problem.filename else ""
        _fail(f"The system refused: {problem.strerror or problem}{where}.")


def _leave(signal_number: int, _: FrameType | None) -> None:
    """Leave by the door on SIGTERM, so that an embedded database we started is stopped."""
    raise SystemExit(128 + signal_number)


def _fail(sentence: str) -> None:
    errors.print(f"bookstore: {sentence.rstrip('.')}.", markup=False)
    sys.exit(1)


def _show_version(wanted: bool) -> None:
    if wanted:
        out.print(f"bookstore {app.__version__}", highlight=False)
        raise typer.Exit


@cli.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Show the version and exit.")
    ] = False,
) -> None:
    """Options of the command itself."""


@cli.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Server processes.")] = 1,
    with_demo: Annotated[bool, typer.Option("--demo", help="Fill an empty shop with the demo catalogue.")] = False,
    with_worker: Annotated[
        bool, typer.Option("--worker/--no-worker", help="Send mail and keep house as well.")
    ] = True,
) -> None:
    """Run the shop on this machine: migrate the database, then serve."""
    settings = load_settings()
    serving.check_port(host, port)
    settings.signing_key()
    with database_running(settings) as url:
        migrate_database(url)
        prepare = partial(demo.furnish, settings) if with_demo else demo.leave_as_it_is

        async def look_and_prepare(database: Database) -> list[demo.SignIn]:
            if sentence := await too_few_connections(settings, workers, database.engine):
                errors.print(f"bookstore: {sentence}", markup=False)
            return await prepare(database)

        sign_ins = asyncio.run(with_database(settings, url, look_and_prepare))
        serving.announce(out, host, port, sign_ins, with_docs=settings.api_docs_on)
        serving.run(settings, host, port, workers, with_worker=with_worker)


@cli.command()
def migrate() -> None:
    """Bring the database up to this release."""
    settings = load_settings()
    with database_running(settings) as url:
        migrate_database(url)
    out.print(f"The database is at revision {newest_revision()}.")


@cli.command()
def seed() -> None:
    """Fill the shop with the demo catalogue; what is there already stays as it is."""
    added = on_database(demo.seed)
    out.print(f"{added} books added, the rest was there." if added else "The demo catalogue was there already.")


@cli.command("import")
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


@cli.command()
def verify() -> None:
    """Check that the laws of the shop hold, such as stock and its ledger; exit code 1 when one does not."""
    verification = on_database(verify_patiently)
    render_verification(verification, out)
    raise typer.Exit(0 if verification.ok else 1)


@cli.command()
def sweep() -> None:
    """Do now what the worker does every hour: delete what has expired and images of no book, tidy up for search."""

    async def work(database: Database) -> tuple[int, int]:
        return await housekeeping.sweep_all(database, load_settings())

    rows, files = on_database(work)
    out.print(f"{rows} rows and {files} files of images deleted.")


@cli.command("bench", add_help_option=False, context_settings={"ignore_unknown_options": True})
def bench(words: Annotated[list[str] | None, typer.Argument(metavar="[OPTIONS] [PART]...")] = None) -> None:
    """Measure the shop on this machine, each figure beside its limit; --help tells more."""
    if not (PROJECT / "benchmarks" / "__main__.py").exists():
        raise ConfigurationError(
            "The benchmarks are not installed with the shop: run `make bench` in its source folder"
        )
    sys.path.insert(0, str(PROJECT))
    import_module("benchmarks.__main__").main(words or [])


@db.command("psql", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def psql(context: typer.Context) -> None:
    """A prompt on the shop's database; arguments are passed on to psql."""
    settings = load_settings()
    with database_running(settings) as url:
        words, password = _psql(settings, url)
        environment = os.environ if password is None else {**os.environ, "PGPASSWORD": password}
        raise typer.Exit(subprocess.call([*words, *context.args], env=environment))  # noqa: S603 - our own words


def _psql(settings: Settings, url: str) -> tuple[list[str], str | None]:
    """The words of the command, and the password apart from them: everybody can read the words of a process."""
    if settings.database_url is None:
        return EmbeddedPostgres(settings.data).psql_command(), None
    address = libpq_url(url)
    bare = address.set(password=None).render_as_string(hide_password=False)
    return [shutil.which("psql") or str(program("psql")), bare], address.password


@db.command("start")
def start() -> None:
    """Start the embedded PostgreSQL and leave it running."""
    server = _embedded()
    server.start()
    out.print(f"PostgreSQL is running (process {server.status().pid}); `bookstore db stop` stops it.")


@db.command("stop")
def stop(
    force: Annotated[bool, typer.Option(help="Also while the shop or a command uses it.")] = False,
) -> None:
    """Stop the embedded PostgreSQL."""
    _embedded().stop(force=force)
    out.print("PostgreSQL is stopped.")


@db.command("status")
def status() -> None:
    """Say whether the embedded PostgreSQL is running."""
    now = _embedded().status()
    kept = ", kept running by `bookstore db start`" if now.pinned else ""
    state = f"running (process {now.pid}, sockets in {now.socket_dir}{kept})" if now.running else "stopped"
    out.print(f"PostgreSQL {now.version} in {now.data} is {state}.", markup=False)


def _embedded() -> EmbeddedPostgres:
    settings = load_settings()
    if settings.database_url:
        raise ConfigurationError("DATABASE_URL names the database; start, stop and status are for the embedded one")
    return EmbeddedPostgres(settings.data)


async def _require_schema(settings: Settings, url: str) -> None:
    async def nothing(_: Database) -> None:
        return None

    await with_database(settings, url, nothing)
