"""What is swept away every hour (contract, section 6)."""

import logging
from functools import partial

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.security.trail import purge_security_events
from app.accounts.service import purge_expired
from app.cart.service import purge_abandoned_carts
from app.catalog.search import keep_bitmaps, merge_book_counters
from app.core.config import Settings
from app.core.db.transaction import Database
from app.mail.notices import purge_read_notices, purge_surplus_notices
from app.mail.service import purge_old_mails
from app.media.service import delete_orphans
from app.orders.best_sellers import merge_sales_counters
from app.orders.models import IdempotencyKey

BATCH = 5000

log = logging.getLogger(__name__)


async def purge_idempotency_keys(session: AsyncSession) -> int:
    """Delete a batch of expired keys, save those that a checkout takes over at this moment; how many."""
    expired = select(IdempotencyKey.id).where(IdempotencyKey.expires_at <= func.now()).limit(BATCH)
    gone = delete(IdempotencyKey).where(IdempotencyKey.id.in_(expired.with_for_update(skip_locked=True)))
    return len((await session.scalars(gone.returning(IdempotencyKey.id))).all())


PURGES = (purge_expired, purge_idempotency_keys, purge_abandoned_carts, purge_old_mails, purge_read_notices)
SUMS = (merge_book_counters, merge_sales_counters)


async def sweep(database: Database, settings: Settings) -> int:
    """Delete everything that has had its time, each batch in a transaction of its own; how many rows.

    So are the oldest notices of who has more than `max_notices`. Tallies are added up as well, and the bitmaps of
    frequent words drawn anew.
    """
    swept = 0
    surplus = partial(purge_surplus_notices, most=settings.max_notices)
    for purge in (*PURGES, surplus, partial(purge_security_events, days=settings.security_events_days)):
        while rows := await database.transaction(purge):
            swept += rows
    for add_up in SUMS:
        while await database.transaction(add_up):
            pass
    await keep_bitmaps(database)
    return swept


async def sweep_all(database: Database, settings: Settings) -> tuple[int, int]:
    """Sweep, and delete the files of images that no book names; how many rows and files. Raises TryAgain."""
    rows, files = await sweep(database, settings), await delete_orphans(database, settings)
    log.info("housekeeping deleted %d rows and %d files of images", rows, files)
    return rows, files
