"""The SQL of refresh tokens and mailed links; lock the account's row before you write (app.accounts.repository)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, exists, func, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.accounts.models import AccountLink, LinkPurpose, RefreshToken, User

PURGE_BATCH = 5000


@dataclass(frozen=True, slots=True)
class PresentedToken:
    """A refresh token as its row says now; `siblings` are all of its session that are kept, itself included."""

    id: int
    family: UUID
    session_expires_at: datetime
    is_revoked: bool
    is_expired: bool
    siblings: int


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session that can go on: its family, when it ends unless it is used before, and when it ends at the latest."""

    id: UUID
    expires_at: datetime
    ends_at: datetime


class RefreshTokenRepository:
    """Rows of refresh tokens."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(
        self, user_id: int, family: UUID, token_hash: str, life: timedelta, session_end: ColumnElement[datetime]
    ) -> None:
        """A token that lives as long as it may, and no longer than its session."""
        row = insert(RefreshToken).values(
            user_id=user_id,
            token_family=family,
            token_hash=token_hash,
            expires_at=func.least(func.now() + life, session_end),
            session_expires_at=session_end,
        )
        await self._session.execute(row)

    async def lock(self, token_hash: str) -> PresentedToken | None:
        kin = aliased(RefreshToken)
        siblings = select(func.count()).select_from(kin).where(kin.token_family == RefreshToken.token_family)
        statement = select(
            RefreshToken.id,
            RefreshToken.token_family,
            RefreshToken.session_expires_at,
            RefreshToken.revoked_at.is_not(None),
            RefreshToken.expires_at <= func.now(),
            siblings.scalar_subquery(),
        )
        statement = statement.where(RefreshToken.token_hash == token_hash).with_for_update(of=RefreshToken)
        row = (await self._session.execute(statement)).one_or_none()
        return None if row is None else PresentedToken(*row)

    async def revoke(self, token_hash: str) -> int | None:
        """Whose it was; None when there was none to revoke."""
        owners = await self._revoke(RefreshToken.token_hash == token_hash)
        return owners[0] if owners else None

    async def revoke_family(self, family: UUID) -> None:
        await self._revoke(RefreshToken.token_family == family)

    async def revoke_own_family(self, user_id: int, family: UUID) -> bool:
        """That session, if it is one of the account; whether it was, and open."""
        return bool(await self._revoke(RefreshToken.user_id == user_id, RefreshToken.token_family == family))

    async def revoke_all(self, user_id: int, *, but: UUID | None = None) -> None:
        """Those of every session of the account, save the family `but`."""
        others = () if but is None else (RefreshToken.token_family != but,)
        await self._revoke(RefreshToken.user_id == user_id, *others)

    async def make_room(self, user_id: int, most: int) -> None:
        """Of the sessions of the account leave one fewer than `most`: those that would end first end now."""
        expires = func.max(RefreshToken.expires_at)
        open_ones = select(RefreshToken.token_family).where(*_good(user_id)).group_by(RefreshToken.token_family)
        last_first = (expires.desc(), func.max(RefreshToken.session_expires_at).desc(), RefreshToken.token_family)
        surplus = open_ones.order_by(*last_first).offset(most - 1)
        await self._revoke(RefreshToken.user_id == user_id, RefreshToken.token_family.in_(surplus))

    async def open_sessions(self, user_id: int, most: int) -> list[OpenSession]:
        """The sessions of the account that can go on, the newest first, `most` of them."""
        end = func.max(RefreshToken.session_expires_at)
        query = select(RefreshToken.token_family, func.max(RefreshToken.expires_at), end).where(*_good(user_id))
        newest_first = (end.desc(), RefreshToken.token_family)
        rows = await self._session.execute(
            query.group_by(RefreshToken.token_family).order_by(*newest_first).limit(most)
        )
        return [OpenSession(*row) for row in rows]

    async def purge(self) -> int:
        """Delete a batch of expired tokens, save those at work in another transaction; how many."""
        expired = select(RefreshToken.id).where(RefreshToken.expires_at <= func.now()).limit(PURGE_BATCH)
        gone = delete(RefreshToken).where(RefreshToken.id.in_(expired.with_for_update(skip_locked=True)))
        return len((await self._session.scalars(gone.returning(RefreshToken.id))).all())

    async def _revoke(self, *conditions: ColumnElement[bool]) -> list[int]:
        """The owner of each token that was revoked."""
        statement = update(RefreshToken).where(RefreshToken.revoked_at.is_(None), *conditions)
        revoked = statement.values(revoked_at=func.now()).returning(RefreshToken.user_id)
        return list((await self._session.scalars(revoked)).all())


def _good(user_id: int) -> tuple[ColumnElement[bool], ...]:
    """The tokens of the account that are good for a refresh."""
    return (
        RefreshToken.user_id == user_id,
        RefreshToken.revoked_at.is_(None),
        RefreshToken.expires_at > func.now(),
    )


class LinkRepository:
    """Rows of mailed links."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, user_id: int, purpose: LinkPurpose, token_hash: str, life: timedelta) -> None:
        """A new link, if there is such an account."""
        columns = [AccountLink.user_id, AccountLink.purpose, AccountLink.token_hash, AccountLink.expires_at]
        owner = select(User.id, literal(purpose.value), literal(token_hash), func.now() + life).where(
            User.id == user_id
        )
        await self._session.execute(insert(AccountLink).from_select(columns, owner))

    async def void(self, user_id: int, purpose: LinkPurpose) -> None:
        """Unused links of that purpose are good for nothing any more."""
        statement = delete(AccountLink).where(AccountLink.user_id == user_id, AccountLink.purpose == purpose.value)
        await self._session.execute(statement.where(AccountLink.used_at.is_(None)))

    async def keep_newest(self, user_id: int, purpose: LinkPurpose, number: int) -> None:
        """Of the unused links of that purpose, older ones than so many are good for nothing any more."""
        unused = (
            AccountLink.user_id == user_id,
            AccountLink.purpose == purpose.value,
            AccountLink.used_at.is_(None),
        )
        newest = select(AccountLink.id).where(*unused).order_by(AccountLink.id.desc()).limit(number)
        await self._session.execute(delete(AccountLink).where(*unused, AccountLink.id.not_in(newest)))

    async def is_usable(self, token_hash: str, purpose: LinkPurpose) -> bool:
        found = select(exists().where(*_usable(token_hash, purpose)))
        return (await self._session.execute(found)).scalar_one()

    async def use(self, token_hash: str, purpose: LinkPurpose) -> bool:
        """Whether it was usable; from now on it is not."""
        statement = update(AccountLink).where(*_usable(token_hash, purpose)).values(used_at=func.now())
        return (await self._session.execute(statement.returning(AccountLink.id))).first() is not None

    async def purge(self) -> int:
        """Delete a batch of expired links, save those at work in another transaction; how many."""
        expired = select(AccountLink.id).where(AccountLink.expires_at <= func.now()).limit(PURGE_BATCH)
        gone = delete(AccountLink).where(AccountLink.id.in_(expired.with_for_update(skip_locked=True)))
        return len((await self._session.scalars(gone.returning(AccountLink.id))).all())


def _usable(token_hash: str, purpose: LinkPurpose) -> tuple[Any, ...]:
    return (
        AccountLink.token_hash == token_hash,
        AccountLink.purpose == purpose.value,
        AccountLink.used_at.is_(None),
        AccountLink.expires_at > func.now(),
    )
