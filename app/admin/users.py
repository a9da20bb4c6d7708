"""Accounts by staff and by the operator's commands, with a row of the audit trail for each change."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.administration import AccountAdministration, AccountChange
from app.accounts.caller import Caller
from app.accounts.query import AccountFilter
from app.accounts.schemas import AccountOut
from app.accounts.security import noting
from app.accounts.security.kinds import Kind
from app.audit.service import changes, record

KINDS = {
    "user.created": Kind.ACCOUNT_CREATED,
    "user.made_admin": Kind.ACCOUNT_MADE_ADMIN,
    "user.promoted": Kind.ACCOUNT_PROMOTED,
    "user.demoted": Kind.ACCOUNT_DEMOTED,
    "user.deactivated": Kind.ACCOUNT_DEACTIVATED,
    "user.reactivated": Kind.ACCOUNT_REACTIVATED,
}
"""The security event of each action."""


class UserService:
    """Changes of accounts in the transaction of a session. Without an actor it is the operator, by a command."""

    def __init__(self, session: AsyncSession, actor: Caller | None = None) -> None:
        self._session = session
        self._actor = actor
        self._accounts = AccountAdministration(session)

    async def page(self, wanted: AccountFilter, offset: int, limit: int) -> tuple[int, list[AccountOut]]:
        """How many accounts pass the filter, and some of them, the newest first."""
        total, accounts = await self._accounts.page(wanted, offset, limit)
        return total, [AccountOut.of(account) for account in accounts]

    async def get(self, user_id: int) -> AccountOut:
        """The account. Raises UserNotFound."""
        return AccountOut.of(await self._accounts.get(user_id))

    async def deactivate(self, user_id: int) -> AccountOut:
        """Lock somebody out at once. Raises UserNotFound and AdminNotDeactivatable."""
        return await self._noted("user.deactivated", await self._accounts.deactivate(user_id))

    async def reactivate(self, user_id: int) -> AccountOut:
        """Let somebody in again. Raises UserNotFound."""
        return await self._noted("user.reactivated", await self._accounts.reactivate(user_id))

    async def promote(self, email: str) -> AccountOut:
        """Make an account an administrator. Raises UserNotFound and AccountDeactivated."""
        return await self._noted("user.promoted", await self._accounts.promote(email))

    async def demote(self, email: str) -> AccountOut:
        """Make an administrator a reader. Raises UserNotFound and LastAdmin."""
        return await self._noted("user.demoted", await self._accounts.demote(email))

    async def make_admin(self, email: str, password_hash: str) -> bool:
        """Make an administrator with that password; whether the account is new."""
        change = await self._accounts.make_admin(email, password_hash)
        if change.before is None:
            await self._record("user.created", change, after={"email": email, "role": change.after.role})
        else:
            before, after = _states(change)
            await self._record("user.made_admin", change, before=before, after=after | {"password": "set anew"})
        return change.before is None

    async def _noted(self, action: str, change: AccountChange) -> AccountOut:
        before, after = _states(change)
        if after:
            await self._record(action, change, before=before, after=after)
        return AccountOut.of(change.after)

    async def _record(self, action: str, change: AccountChange, **values: Mapping[str, Any]) -> None:
        await record(self._session, self._actor, action, change.after.id, **values)
        by = "staff" if self._actor else "operator"
        await noting.record(self._session, KINDS[action], change.after.id, by=by)


def _states(change: AccountChange) -> tuple[dict[str, Any], dict[str, Any]]:
    """What differs, as it stands on the wire."""
    before = change.before or change.after
    return changes(AccountOut.of(before).model_dump(), AccountOut.of(change.after).model_dump())
