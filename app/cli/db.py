"""`bookstore migrate` and `bookstore db`."""

import os
import shutil
import subprocess
from typing import Annotated

import typer

from app.cli.terminal import out
from app.core.config import ConfigurationError, Settings, load_settings
from app.core.db.server import database_running, libpq_url, newest_revision
from app.core.db.server import migrate as migrate_database
from app.core.embedded import EmbeddedPostgres, program

db = typer.Typer(no_args_is_help=True, help="The embedded PostgreSQL, and a prompt on whichever serves the shop.")


def migrate() -> None:
    """Bring the database up to this release."""
    settings = load_settings()
    with database_running(settings) as url:
        migrate_database(url)
    out.print(f"The database is at revision {newest_revision()}.")


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
