"""The SQL of the places where accounts signed in."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import SignInPlace, User

NOBODY = 0  # no account has this id


@dataclass(frozen=True, slots=True)
class KnownPlaces:
    """An account and the digests of its places; without an account there are none."""

    id: int = NOBODY
    hashed_password: str | None = field(default=None, repr=False)
    places: frozenset[str] = frozenset()


class PlaceRepository:
    """Rows of places."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def of_account(self, email: str, life: timedelta) -> KnownPlaces:
        """The account with that address, and where it signed in within that time."""
        fresh = (SignInPlace.user_id == User.id, SignInPlace.last_used_at > func.now() - life)
        places = select(func.array_agg(SignInPlace.digest)).where(*fresh).scalar_subquery()
        query = select(User.id, User.hashed_password, places).where(func.lower(User.email) == func.lower(email))
        row = (await self._session.execute(query)).one_or_none()
        return KnownPlaces() if row is None else KnownPlaces(row[0], row[1], frozenset(row[2] or ()))

    async def add(self, user_id: int, places: Sequence[tuple[str, str]], kept: int) -> None:
        """These kinds and digests, as of now; of each kind the `kept` latest stay."""
        rows = [{"user_id": user_id, "kind": kind, "digest": digest} for kind, digest in places]
        again = (
            insert(SignInPlace)
            .values(rows)
            .on_conflict_do_update(
                index_elements=[SignInPlace.user_id, SignInPlace.digest], set_={"last_used_at": func.now()}
            )
        )
        await self._session.execute(again)
        latest_first = (SignInPlace.last_used_at.desc(), SignInPlace.digest)
        rank = func.row_number().over(partition_by=SignInPlace.kind, order_by=latest_first)
        own = select(SignInPlace.digest, rank.label("rank")).where(SignInPlace.user_id == user_id).subquery()
        beyond = select(own.c.digest).where(own.c.rank > kept)
        await self._session.execute(
            delete(SignInPlace).where(SignInPlace.user_id == user_id, SignInPlace.digest.in_(beyond))
        )

    async def forget(self, user_id: int, kept: Sequence[str] = ()) -> None:
        """Delete those of the account, save the digests that are `kept`."""
        gone = (SignInPlace.user_id == user_id, SignInPlace.digest.not_in(kept))
        await self._session.execute(delete(SignInPlace).where(*gone))

    async def purge(self, life: timedelta) -> int:
        """Delete the places where nobody signed in for so long; how many."""
        statement = delete(SignInPlace).where(SignInPlace.last_used_at <= func.now() - life)
        return len((await self._session.scalars(statement.returning(SignInPlace.user_id))).all())
