"""Accounts in the hands of staff and of the operator: who there is, who may come in, who is an administrator."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.errors import AccountDeactivated, AdminNotDeactivatable, LastAdmin, UserNotFound
from app.accounts.models import LinkPurpose, UserRole
from app.accounts.query import AccountFilter
from app.accounts.repository import Account, AccountRepository
from app.accounts.token_repository import LinkRepository, RefreshTokenRepository

UNKNOWN_ADDRESS = "There is no account with this e-mail address."
REACTIVATE_FIRST = "This account is deactivated. Reactivate it before you make it an administrator."


@dataclass(frozen=True, slots=True)
class AccountChange:
    """An account before, None where it is new, and after."""

    before: Account | None
    after: Account


class AccountAdministration:
    """Accounts in the transaction of a session. Whoever is changed has their row locked first.

    Addresses are given as `normalised_email` makes them.
    """

    def __init__(self, session: AsyncSession) -> None:
        self._accounts = AccountRepository(session)
        self._tokens = RefreshTokenRepository(session)
        self._links = LinkRepository(session)

    async def page(self, wanted: AccountFilter, offset: int, limit: int) -> tuple[int, list[Account]]:
        """How many accounts pass the filter, and some of them, the newest first."""
        total = await self._accounts.count(wanted)
        return total, await self._accounts.page(wanted, offset, limit) if offset < total else []

    async def get(self, user_id: int) -> Account:
        """The account. Raises UserNotFound."""
        account = await self._accounts.by_id(user_id)
        if account is None:
            raise UserNotFound
        return account

    async def deactivate(self, user_id: int) -> AccountChange:
        """Close an account and end its sessions. Raises UserNotFound and AdminNotDeactivatable."""
        before = await self._locked(user_id)
        if before.role is UserRole.ADMIN:
            raise AdminNotDeactivatable
        await self._tokens.revoke_all(user_id)
        return await self._changed(before, is_active=False)

    async def reactivate(self, user_id: int) -> AccountChange:
        """Create an account again; its old sessions stay ended. Raises UserNotFound."""
        return await self._changed(await self._locked(user_id), is_active=True)

    async def promote(self, email: str) -> AccountChange:
        """Make an account an administrator. Raises UserNotFound and AccountDeactivated."""
        before = await self._accounts.lock_by_email(email)
        if before is None:
            raise UserNotFound(UNKNOWN_ADDRESS)
        if not before.is_active:
            raise AccountDeactivated(REACTIVATE_FIRST)
        return await self._changed(before, role=UserRole.ADMIN)

    async def demote(self, email: str) -> AccountChange:
        """Make an administrator a reader. Raises UserNotFound and LastAdmin.

        All active administrators stay locked until the transaction ends, so of several who go at once one stays.
        """
        admins = await self._accounts.lock_active_admins()
        before = await self._accounts.lock_by_email(email)
        if before is None:
            raise UserNotFound(UNKNOWN_ADDRESS)
        if [admin.id for admin in admins] == [before.id]:
            raise LastAdmin
        return await self._changed(before, role=UserRole.USER)

    async def make_admin(self, email: str, password_hash: str) -> AccountChange:
        """Make an active administrator of a new account, or of the one with that address, whose sessions end."""
        if created := await self._accounts.add(email, password_hash, role=UserRole.ADMIN):
            return AccountChange(None, created)
        before = await self._accounts.lock_by_email(email)
        if before is None:
            raise UserNotFound(UNKNOWN_ADDRESS)
        await self._tokens.revoke_all(before.id)
        await self._links.void(before.id, LinkPurpose.RESET_PASSWORD)
        return await self._changed(before, role=UserRole.ADMIN, is_active=True, hashed_password=password_hash)

    async def _changed(self, before: Account, **columns: Any) -> AccountChange:
        after = await self._accounts.change(before.id, **columns)
        if after is None:
            raise AssertionError("its row is locked, so it cannot go")
        return AccountChange(before, after)

    async def _locked(self, user_id: int) -> Account:
        account = await self._accounts.lock(user_id)
        if account is None:
            raise UserNotFound
        return account
