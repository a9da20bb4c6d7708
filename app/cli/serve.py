"""`bookstore serve`."""

import asyncio
from functools import partial
from typing import Annotated

import typer

from app.cli import demo, serving
from app.cli.terminal import errors, out, with_database
from app.core.config import load_settings
from app.core.db.server import database_running, migrate, too_few_connections
from app.core.db.transaction import Database


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
        migrate(url)
        prepare = partial(demo.furnish, settings) if with_demo else demo.leave_as_it_is

        async def look_and_prepare(database: Database) -> list[demo.DemoSignIn]:
            if sentence := await too_few_connections(settings, workers, database.engine):
                errors.print(f"bookstore: {sentence}", markup=False)
            return await prepare(database)

        sign_ins = asyncio.run(with_database(settings, url, look_and_prepare))
        serving.announce(out, host, port, sign_ins, with_docs=settings.api_docs_on)
        serving.run(settings, host, port, workers, with_worker=with_worker)
