"""One answer a key: claim, run, keep, replay (contract, section 4.7, Idempotency-Key)."""

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Self

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from app.cart.models import AnyOwner, CartOwner
from app.core.db.batch import Batch
from app.core.db.driver import driver
from app.core.values import money_text
from app.orders.errors import CheckoutRefused, KeyInProgress, KeyReused
from app.orders.placed import PlacedOrder
from app.orders.schemas import CheckoutRequest, OrderOut

KEY_RETENTION = timedelta(hours=24)
_CLAIM = """
    INSERT INTO idempotency_keys AS known
        ({owner}, key, request_hash, response_status, response_body, expires_at)
    VALUES ($1, $2, $3, 0, '', now() + $4::interval)
    ON CONFLICT ({owner}, key) DO UPDATE
        SET request_hash = excluded.request_hash, created_at = now(), expires_at = excluded.expires_at
        WHERE known.expires_at <= now()
    RETURNING key
"""
_STORED_ANSWER = (
    "SELECT request_hash, response_status, response_body FROM idempotency_keys WHERE {owner} = $1 AND key = $2"
)
_GIVE_UP = "DELETE FROM idempotency_keys WHERE {owner} = $1 AND key = $2"
_KEEP = "UPDATE idempotency_keys SET response_status = $3, response_body = $4 WHERE {owner} = $1 AND key = $2"


@dataclass(frozen=True, slots=True)
class _Statements:
    """What is asked about the keys of one kind of owner, whose value is `$1`."""

    claim: str
    stored_answer: str
    give_up: str
    keep: str

    @classmethod
    def by(cls, column: str) -> Self:
        texts = (_CLAIM, _STORED_ANSWER, _GIVE_UP, _KEEP)
        return cls(*(statement.format(owner=column) for statement in texts))


_OF_ACCOUNTS, _OF_GUESTS = _Statements.by("user_id"), _Statements.by("token_digest")


def _statements(owner: CartOwner) -> _Statements:
    return _OF_GUESTS if owner.is_guest else _OF_ACCOUNTS


def _value(owner: CartOwner) -> int | bytes | None:
    return owner.token_digest if owner.is_guest else owner.user_id


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a checkout did not become an order: the code and the sentence of a `CheckoutRefused`."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a checkout ended: the order (201), or a refusal that stands under the key. `replayed` when it was kept."""

    status: int
    body: bytes
    replayed: bool = False

    @property
    def confirmed(self) -> bool:
        """Whether `body` is an order; else it is a problem document."""
        return self.status == HTTPStatus.CREATED

    @property
    def order_id(self) -> int:
        """Of a confirmed checkout, also of one that is replayed."""
        order_id: int = json.loads(self.body)["id"]
        return order_id

    @property
    def access_token(self) -> str | None:
        """What opens the order of a confirmed checkout, where a guest made it."""
        token: str | None = json.loads(self.body).get("access_token")
        return token

    @property
    def refusal(self) -> Refusal:
        """Of a checkout that is not confirmed, also of one that is replayed."""
        problem = json.loads(self.body)
        return Refusal(problem["code"], problem["detail"])

    @classmethod
    def placed(cls, order: PlacedOrder) -> Self:
        """The order, as its buyer sees it."""
        return cls(HTTPStatus.CREATED, OrderOut.of(order).model_dump_json().encode())

    @classmethod
    def refused(cls, refusal: CheckoutRefused) -> Self:
        """The problem document of the refusal."""
        document = json.dumps(refusal.document(), ensure_ascii=False, separators=(",", ":"))
        return cls(int(refusal.status), document.encode())


def fingerprint(request: CheckoutRequest) -> str:
    """A digest of the parsed body: what counts as the same request.

    It is made of the model as it is dumped, so of every field the model has. A field at its default is left out:
    unset and default are alike, and a key that was kept before a field was added is still answered.
    """
    return _digest(_given(request))


def former_fingerprint(request: CheckoutRequest) -> str | None:
    """The digest that earlier releases kept, of the two fields they knew; None where the request has others.

    Keys live for a day, so this can go a day after no such release runs any more.
    """
    if not _given(request).keys() <= {"force_payment_failure", "expected_total"}:
        return None
    expected = request.expected_total
    return _digest([request.force_payment_failure, None if expected is None else money_text(expected)])


def _given(request: CheckoutRequest) -> dict[str, object]:
    """The fields that are not at their default, as JSON has them."""
    defaults = type(request).model_construct().model_dump(mode="json")
    dumped = request.model_dump(mode="json")
    return {name: value for name, value in dumped.items() if name not in defaults or value != defaults[name]}


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


class ClaimedKey:
    """A key that a transaction has claimed. Its row is locked until that ends; a claim rolled back was never made.

    `kept` is the outcome that was stored under it.
    """

    def __init__(self, owner: CartOwner, key: str) -> None:
        self._row = _value(owner), key
        self._sql = _statements(owner)
        self.kept: Outcome | None = None

    def give_up(self, batch: Batch) -> None:
        """With `batch`, let go of the key: the next request under it runs itself."""
        batch.add(self._sql.give_up, *self._row)

    def keep(self, batch: Batch, outcome: Outcome) -> None:
        """With `batch`, store the outcome under the key; it is visible with the COMMIT of what it tells of."""
        batch.add(self._sql.keep, *self._row, outcome.status, outcome.body)
        self.kept = outcome


class IdempotencyKeys:
    """The keys of one account, or of one guest's cart, in the transaction of `session`."""

    def __init__(self, session: AsyncSession, owner: AnyOwner) -> None:
        self._session = session
        self._owner = CartOwner.of(owner)
        self._sql = _statements(self._owner)

    async def claim(self, key: str, request: CheckoutRequest) -> ClaimedKey | Outcome:
        """Take the key for this request, or return the outcome kept under it.

        Waits while another transaction holds the claim. The row of the claim is the first lock of a checkout. An
        expired key is taken over.

        Raises:
            KeyReused: the key belongs to another request.
            KeyInProgress: the other transaction outlasted the lock timeout.
        """
        connection = await driver(self._session)
        try:
            claimed = await connection.fetchval(
                self._sql.claim, _value(self._owner), key, fingerprint(request), KEY_RETENTION
            )
        except asyncpg.LockNotAvailableError as error:
            raise KeyInProgress from error
        return ClaimedKey(self._owner, key) if claimed else await self._kept(key, request)

    async def _kept(self, key: str, request: CheckoutRequest) -> Outcome:
        row = await (await driver(self._session)).fetchrow(self._sql.stored_answer, _value(self._owner), key)
        if row is None:
            raise AssertionError("a key that cannot be claimed is there")
        kept_hash, status, body = row
        if kept_hash not in {fingerprint(request), former_fingerprint(request)}:
            raise KeyReused
        return Outcome(status, body, replayed=True)
