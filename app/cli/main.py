"""The `bookstore` command. Each command works whether the shop is running or not."""

import signal
import sys
from types import FrameType
from typing import Annotated

import asyncpg
import typer
from sqlalchemy.exc import SQLAlchemyError

import app
from app.catalog.importer import ImportFailed
from app.cli import catalogue, export, jobs, mail, serving, staff, upkeep
from app.cli.db import db, migrate
from app.cli.serve import serve
from app.cli.terminal import errors, out
from app.core.config import ConfigurationError
from app.core.db.server import DatabaseUnusable, reason
from app.core.embedded import EmbeddedPostgresError
from app.core.errors import DomainError

cli = typer.Typer(no_args_is_help=True, add_completion=False, help="Run a bookshop.", pretty_exceptions_enable=False)
cli.command()(serve)
cli.command()(migrate)
cli.command()(catalogue.seed)
cli.command("import")(catalogue.import_file)
cli.command()(upkeep.verify)
cli.command()(upkeep.sweep)
cli.command()(staff.create_admin)
cli.command()(staff.promote)
cli.command()(staff.demote)
cli.command()(jobs.worker)
cli.command()(export.export)
cli.add_typer(mail.outbox, name="outbox")
cli.add_typer(jobs.jobs, name="jobs")
cli.add_typer(db, name="db")

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
