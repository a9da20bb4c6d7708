"""One answer a key: claim, run, keep, replay (contract, section 4.7, Idempotency-Key)."""

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db.failures import LOCK_NOT_AVAILABLE, sqlstate
from app.core.values import money_text
from app.orders.errors import KeyInProgress, KeyReused
from app.orders.models import IdempotencyKey
from app.orders.schemas import CheckoutRequest

KEPT = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """The first completed answer, byte for byte."""

    status: int
    body: bytes


def fingerprint(request: CheckoutRequest) -> str:
    """A digest of the parsed body with its defaults filled: what counts as the same request."""
    expected = request.expected_total
    parts = [request.force_payment_failure, None if expected is None else money_text(expected)]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


class IdempotencyKeys:
    """The keys of one user, in the transaction of `session`: a claim that is rolled back was never made."""

    def __init__(self, session: AsyncSession, user_id: int) -> None:
        self._session = session
        self._user_id = user_id

    async def claim(self, key: str, request_hash: str) -> StoredAnswer | None:
        """Take the key, or return the answer kept under it. Waits while another transaction holds the claim.

        The row of the claim is the first lock of a checkout. An expired key is taken over.

        Raises:
            KeyReused: the key belongs to another body.
            KeyInProgress: the other transaction outlasted the lock timeout.
        """
        fresh = insert(IdempotencyKey).values(
            user_id=self._user_id,
            key=key,
            request_hash=request_hash,
            response_status=0,
            response_body=b"",
            expires_at=func.now() + KEPT,
        )
        taking_over = fresh.on_conflict_do_update(
            index_elements=[IdempotencyKey.user_id, IdempotencyKey.key],
            set_={
                "request_hash": fresh.excluded.request_hash,
                "created_at": func.now(),
                "expires_at": fresh.excluded.expires_at,
            },
            where=IdempotencyKey.expires_at <= func.now(),
        )
        try:
            claimed = await self._session.scalar(taking_over.returning(IdempotencyKey.key))
        except DBAPIError as error:
            if sqlstate(error) == LOCK_NOT_AVAILABLE:
                raise KeyInProgress from error
            raise
        return None if claimed else await self._kept(key, request_hash)

    async def _kept(self, key: str, request_hash: str) -> StoredAnswer:
        query = select(
            IdempotencyKey.request_hash, IdempotencyKey.response_status, IdempotencyKey.response_body
        ).where(IdempotencyKey.user_id == self._user_id, IdempotencyKey.key == key)
        row = (await self._session.execute(query)).one()
        if row.request_hash != request_hash:
            raise KeyReused
        return StoredAnswer(row.response_status, row.response_body)

    async def keep(self, key: str, answer: StoredAnswer) -> None:
        """Store the answer under the claimed key; it becomes visible with the COMMIT of what it tells of."""
        statement = (
            update(IdempotencyKey)
            .where(IdempotencyKey.user_id == self._user_id, IdempotencyKey.key == key)
            .values(response_status=answer.status, response_body=answer.body)
        )
        await self._session.execute(statement)
