"""Migrations run on the server that DATABASE_URL names, else on the embedded one."""

import asyncio

from sqlalchemy import Connection, pool, text
from sqlalchemy.ext.asyncio import create_async_engine

import app.accounts.models
import app.cart.models
import app.catalog.models
import app.core.db.rate_limit_table
import app.notifications.models
import app.orders.models
import app.prebookings.models
import app.reviews.models
import app.wishlist.models  # noqa: F401 - every model must stand in the metadata
from alembic import context
from app.core.config import load_settings
from app.core.db.base import Base
from app.core.db.server import database_running


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        compare_type=True,
        compare_server_default=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def run_on(url: str) -> None:
    """Migrate under an advisory lock, so that processes that start together migrate one after the other."""
    engine = create_async_engine(url, poolclass=pool.NullPool)
    try:
        async with engine.connect() as connection:
            await connection.execute(text("SELECT pg_advisory_lock(hashtext('bookstore migrations'))"))
            await connection.commit()
            await connection.run_sync(run)
            await connection.commit()
    finally:
        await engine.dispose()


def main() -> None:
    url = context.config.attributes.get("url")
    if url:
        asyncio.run(run_on(url))
        return
    with database_running(load_settings()) as running_url:
        asyncio.run(run_on(running_url))


main()
