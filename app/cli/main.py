"""The `bookstore` command. Each command works whether the shop is running or not."""

import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from types import FrameType
from typing import Annotated, Any, cast

import asyncpg
import typer
from sqlalchemy.exc import SQLAlchemyError
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group

import app
from app.cli.terminal import errors, out
from app.core.db.server import reason
from app.core.errors import DomainError, OperatorError

COMMANDS = {
    "serve": "serve.serve",
    "migrate": "db.migrate",
    "seed": "catalogue.seed",
    "import": "catalogue.import_file",
    "verify": "upkeep.verify",
    "sweep": "upkeep.sweep",
    "create-admin": "staff.create_admin",
    "promote": "staff.promote",
    "demote": "staff.demote",
    "worker": "jobs.worker",
    "export": "export.export",
    "outbox": "mail.outbox",
    "jobs": "jobs.jobs",
    "db": "db.db",
}
"""Where each command is, below `app.cli`: a function, or a group of commands."""


class Commands(TyperGroup):
    """The commands, each imported when it is asked for: all of them, with the server, take a second to import."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The names of all commands."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> TyperCommand | TyperGroup | None:
        """The command of that name, if there is one."""
        if cmd_name in COMMANDS:
            return _command(cmd_name)
        self.commands = {name: _command(name) for name in COMMANDS}  # whoever mistypes a name is told of one like it
        return None


def _command(name: str) -> TyperCommand | TyperGroup:
    module, _, attribute = COMMANDS[name].partition(".")
    found = getattr(import_module(f"app.cli.{module}"), attribute)
    if isinstance(found, typer.Typer):
        group = get_group(found)
        group.name = name
        return group
    alone = typer.Typer()
    alone.command(name)(found)
    return cast("TyperCommand", get_group(alone).commands[name])


cli = typer.Typer(
    cls=Commands, no_args_is_help=True, add_completion=False, help="Run a bookshop.", pretty_exceptions_enable=False
)


def main() -> None:
    """Run the command that this process was started for."""
    signal.signal(signal.SIGTERM, _leave)
    run(sys.argv[1:])


def run(words: Sequence[str]) -> None:
    """Run the command of these words; what can go wrong outside our hands is one sentence and exit code 1."""
    try:
        cli(words, prog_name="bookstore")
    except OperatorError as problem:
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
