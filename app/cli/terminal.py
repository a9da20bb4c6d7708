"""What the commands share: where they print, and how they reach the database."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from rich.console import Console

from app.core.config import Settings, load_settings
from app.core.db.engine import make_engine
from app.core.db.server import database_running, migrate, refuse_outdated_schema
from app.core.db.transaction import Database

T = TypeVar("T")

out = Console(soft_wrap=True, highlight=False)
errors = Console(stderr=True, soft_wrap=True, highlight=False)


def on_database(work: Callable[[Database], Awaitable[T]]) -> T:
    """Run `work` on the shop's database, which is started for it where it is embedded."""
    settings = load_settings()
    with database_running(settings) as url:
        ready(settings, url)
        return asyncio.run(with_database(settings, url, work))


def ready(settings: Settings, url: str) -> None:
    """Bring an embedded database up to this release; a server of the owner's is migrated by `bookstore migrate`."""
    if settings.database_url is None:
        migrate(url)


async def with_database(settings: Settings, url: str, work: Callable[[Database], Awaitable[T]]) -> T:
    """Run `work` on that database. Raises DatabaseUnusable unless its schema is the newest."""
    engine = make_engine(url, settings)
    try:
        await refuse_outdated_schema(engine)
        return await work(Database(engine))
    finally:
        await engine.dispose()
