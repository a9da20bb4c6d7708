"""Migrations run on the server that DATABASE_URL names, else on the embedded one."""

import asyncio
from contextlib import nullcontext

from sqlalchemy import Connection, text

import app.accounts.models
import app.accounts.security.models
import app.addresses.models
import app.admin.models
import app.audit.models
import app.cart.models
import app.catalog.models
import app.core.db.rate_limit_table
import app.delivery.models
import app.jobs.models
import app.mail.models
import app.orders.models
import app.payments.models
import app.prebookings.models
import app.reviews.models
import app.shop.models
import app.wishlist.models  # noqa: F401 - every model must stand in the metadata
from alembic import context
from app.core.config import Settings, load_settings
from app.core.db.base import Base
from app.core.db.engine import make_plain_engine
from app.core.db.server import database_running


def run(connection: Connection) -> None:
    """All steps in one transaction, all or none; processes that start together migrate one after the other."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        compare_type=True,
        compare_server_default=True,
    )
    with context.begin_transaction():
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('bookstore migrations'))"))
        context.run_migrations()


async def run_on(url: str, settings: Settings) -> None:
    engine = make_plain_engine(url, settings)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(run)
    finally:
        await engine.dispose()


def main() -> None:
    settings = load_settings()
    given = context.config.attributes.get("url")
    with nullcontext(given) if given else database_running(settings) as url:
        asyncio.run(run_on(url, settings))


main()
