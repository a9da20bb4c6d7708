"""The SQL of accounts.

The row of a user is the lock of all that belongs to the account: whoever opens, rotates or ends its sessions, changes
its password or handles its links locks that row first. FOR NO KEY UPDATE leaves carts and orders, which only refer to
it, alone.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import AccountLink, OAuthAccount, RefreshToken, User, UserRole
from app.accounts.query import AccountFilter


@dataclass(frozen=True, slots=True)
class Account:
    """An account as its row says; `hashed_password` is None where only a provider opens it."""

    id: int
    email: str
    hashed_password: str | None = field(repr=False)
    role: UserRole
    is_active: bool
    display_name: str | None
    email_verified_at: datetime | None
    created_at: datetime
    restock_mails: bool

    @property
    def has_password(self) -> bool:
        return self.hashed_password is not None


_COLUMNS = (
    User.id,
    User.email,
    User.hashed_password,
    User.role,
    User.is_active,
    User.display_name,
    User.email_verified_at,
    User.created_at,
    User.restock_mails,
)


class AccountRepository:
    """Rows of users. Addresses are given as `normalised_email` makes them."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def by_id(self, user_id: int) -> Account | None:
        return await self._one(select(*_COLUMNS).where(User.id == user_id))

    async def by_email(self, email: str) -> Account | None:
        return await self._one(select(*_COLUMNS).where(_has_address(email)))

    async def owner_of_link(self, token_hash: str) -> Account | None:
        owner = select(AccountLink.user_id).where(AccountLink.token_hash == token_hash)
        return await self._one(select(*_COLUMNS).where(User.id == owner.scalar_subquery()))

    async def lock(self, user_id: int) -> Account | None:
        return await self._lock(User.id == user_id)

    async def lock_by_email(self, email: str) -> Account | None:
        return await self._lock(_has_address(email))

    async def lock_owner_of_token(self, token_hash: str) -> Account | None:
        owner = select(RefreshToken.user_id).where(RefreshToken.token_hash == token_hash)
        return await self._lock(User.id == owner.scalar_subquery())

    async def lock_owner_of_link(self, token_hash: str) -> Account | None:
        owner = select(AccountLink.user_id).where(AccountLink.token_hash == token_hash)
        return await self._lock(User.id == owner.scalar_subquery())

    async def lock_owner_of_identity(self, provider: str, subject: str) -> Account | None:
        owner = select(OAuthAccount.user_id).where(
            OAuthAccount.oauth_provider == provider, OAuthAccount.oauth_account_id == subject
        )
        return await self._lock(User.id == owner.scalar_subquery())

    async def add(self, email: str, hashed_password: str, **columns: Any) -> Account | None:
        """A new account; None if the address is taken, be it by a transaction that committed just now."""
        row = insert(User).values(email=email, hashed_password=hashed_password, **columns)
        return await self._one(row.on_conflict_do_nothing().returning(*_COLUMNS))

    async def add_verified(self, email: str) -> Account | None:
        """As `add`: an account without password, for whom a provider vouched."""
        row = insert(User).values(email=email, email_verified_at=func.now())
        return await self._one(row.on_conflict_do_nothing().returning(*_COLUMNS))

    async def change(self, user_id: int, **columns: Any) -> Account | None:
        return await self._one(update(User).where(User.id == user_id).values(columns).returning(*_COLUMNS))

    async def set_password(self, user_id: int, hashed_password: str) -> datetime:
        """When it was changed, by the database clock."""
        row = update(User).where(User.id == user_id).values(hashed_password=hashed_password)
        return (await self._session.execute(row.returning(func.now()))).scalar_one()

    async def mark_verified(self, user_id: int) -> None:
        row = update(User).where(User.id == user_id, User.email_verified_at.is_(None))
        await self._session.execute(row.values(email_verified_at=func.now()))

    async def adopt(self, user_id: int) -> Account:
        """Count the address as proven; a password that was set before that is taken away."""
        kept = case((User.email_verified_at.is_not(None), User.hashed_password))
        verified = func.coalesce(User.email_verified_at, func.now())
        row = update(User).where(User.id == user_id).values(hashed_password=kept, email_verified_at=verified)
        statement: Any = row.returning(*_COLUMNS)
        return Account(*(await self._session.execute(statement)).one())

    async def lock_active_admins(self) -> list[Account]:
        """Lock them in ascending id; who ceased to be one while this waited is left out."""
        admins = select(*_COLUMNS).where(User.role == UserRole.ADMIN, User.is_active).order_by(User.id)
        return [Account(*row) for row in await self._session.execute(admins.with_for_update(key_share=True))]

    async def count(self, wanted: AccountFilter) -> int:
        query = select(func.count()).select_from(User).where(*_conditions(wanted))
        return (await self._session.execute(query)).scalar_one()

    async def page(self, wanted: AccountFilter, offset: int, limit: int) -> list[Account]:
        """The newest first."""
        newest_first = (User.created_at.desc(), User.id.desc())
        listed = select(User.id).where(*_conditions(wanted)).order_by(*newest_first)
        page = listed.offset(offset).limit(limit).subquery()  # of the rows before it only the index is read
        query = select(*_COLUMNS).join(page, page.c.id == User.id).order_by(*newest_first)
        return [Account(*row) for row in await self._session.execute(query)]

    async def _lock(self, condition: ColumnElement[bool]) -> Account | None:
        return await self._one(select(*_COLUMNS).where(condition).with_for_update(key_share=True))

    async def _one(self, statement: Any) -> Account | None:
        row = (await self._session.execute(statement)).one_or_none()
        return None if row is None else Account(*row)


def _conditions(wanted: AccountFilter) -> list[ColumnElement[bool]]:
    found = []
    if wanted.role is not None:
        found.append(User.role == wanted.role)
    if wanted.is_active is not None:
        found.append(User.is_active == wanted.is_active)
    if wanted.email is not None:
        found.append(func.lower(User.email).contains(wanted.email.lower(), autoescape=True))
    return found


def _has_address(email: str) -> ColumnElement[bool]:
    """PostgreSQL folds both sides, so that whatever the unique index calls equal is found."""
    return func.lower(User.email) == func.lower(email)
