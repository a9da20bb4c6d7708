"""A notice is a row of the transaction whose business it tells of, like a mail; its reader finds it in the shop."""

from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Literal

from sqlalchemy import delete, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.mail.models import Notice
from app.mail.outbox import one_line

NoticeKind = Literal["restock", "order_cancelled", "password_changed", "sign_in_linked"]

READ_NOTICE_RETENTION = timedelta(days=90)
PURGE_BATCH = 5000
_SURPLUS = text("""
    WITH crowded AS (
        SELECT user_id FROM notices GROUP BY user_id HAVING count(*) > :most
    ), surplus AS (
        SELECT older.id
        FROM crowded
        CROSS JOIN LATERAL (
            SELECT id FROM notices WHERE user_id = crowded.user_id ORDER BY id DESC OFFSET :most LIMIT :batch
        ) AS older
        LIMIT :batch
    )
    DELETE FROM notices
    WHERE id IN (SELECT id FROM notices WHERE id IN (SELECT id FROM surplus) FOR UPDATE SKIP LOCKED)
    RETURNING id
""")


@dataclass(frozen=True, slots=True)
class NewNotice:
    """What a user is told: a title that says it all, a sentence more, and the page of the shop to go to."""

    user_id: int
    kind: NoticeKind
    title: str
    body: str
    path: str


async def post(session: AsyncSession, *notices: NewNotice) -> None:
    """Write notices, unread, in the transaction of `session`."""
    if notices:
        rows = [asdict(notice) | {"title": one_line(notice.title)} for notice in notices]
        await session.execute(insert(Notice), rows)


async def purge_read_notices(session: AsyncSession) -> int:
    """Delete a batch of the notices that were read 90 days ago; how many. What was not read stays, within bounds."""
    old = select(Notice.id).where(Notice.read_at < func.now() - READ_NOTICE_RETENTION).limit(PURGE_BATCH)
    gone = delete(Notice).where(Notice.id.in_(old.with_for_update(skip_locked=True))).returning(Notice.id)
    return len((await session.scalars(gone)).all())


async def purge_surplus_notices(session: AsyncSession, most: int) -> int:
    """Delete a batch of those that have `most` newer ones of the same user, read or not; how many."""
    return len((await session.scalars(_SURPLUS, {"most": most, "batch": PURGE_BATCH})).all())
