"""Accounts: registering, signing in, passwords and profiles."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.common_passwords import refuse_common
from app.accounts.errors import (
    AccountDeactivated,
    EmailTaken,
    InvalidCredentials,
    NameReserved,
    NoPassword,
    PasswordIncorrect,
)
from app.accounts.limits import LoginAttempt
from app.accounts.mails import AccountMails, password_changed
from app.accounts.models import LinkPurpose, UserRole
from app.accounts.names import poses_as_staff
from app.accounts.passwords import PasswordMatch, hash_password, is_outdated, normalised_password, verify_password
from app.accounts.place_repository import PlaceRepository
from app.accounts.places import PLACE_LIFE
from app.accounts.recovery import RecoveryService
from app.accounts.repository import Account, AccountRepository
from app.accounts.security.kinds import Kind
from app.accounts.security.noting import note_refusal, record
from app.accounts.sessions import SessionService, TokenPolicy, Tokens
from app.accounts.token_repository import LinkRepository, RefreshTokenRepository
from app.core.db.transaction import release
from app.core.rate_limit import purge_windows
from app.mail.notices import post
from app.mail.outbox import Outbox


class AccountService:
    """Password work is done while no database connection is held; what was read before it is read anew after it."""

    def __init__(self, session: AsyncSession, outbox: Outbox, policy: TokenPolicy) -> None:
        self._session = session
        self._accounts = AccountRepository(session)
        self._tokens = RefreshTokenRepository(session)
        self._links = LinkRepository(session)
        self._sessions = SessionService(session, policy)
        self._recovery = RecoveryService(session, outbox, policy)
        self._mails = AccountMails(session, outbox)
        self._shop_name = outbox.shop_name

    async def register(self, email: str, password: str, display_name: str | None) -> Tokens:
        """A new account, signed in.

        Raises:
            EmailTaken, PasswordTooCommon.
            NameReserved: the name is for staff.
        """
        refuse_common(normalised_password(password), email, "password")
        if display_name and poses_as_staff(display_name, self._shop_name):
            raise NameReserved
        hashed = await hash_password(password)
        account = await self._accounts.add(email, hashed, display_name=display_name)
        if account is None:
            note_refusal(Kind.REGISTRATION_REFUSED, email=email, reason="address_taken")
            raise EmailTaken
        await self._recovery.send_verification(account)
        return await self._sessions.open(account, "registration")

    async def log_in(self, email: str, password: str, attempt: LoginAttempt) -> Tokens:
        """A new session.

        Raises:
            InvalidCredentials: unknown address or wrong password, in like time.
            NoPassword: the account is opened through a provider only.
            AccountDeactivated: the password is right.
        """
        while True:
            account, match = await self._verified(email, password)
            await attempt.forgive()
            # None: the account changed during the verification, so what it is now is judged.
            if tokens := await self._open_unchanged(account, password, match):
                return tokens
            await release(self._session)

    async def _verified(self, email: str, password: str) -> tuple[Account, PasswordMatch]:
        account = await self._accounts.by_email(email)
        await release(self._session)
        match = await verify_password(password, account.hashed_password if account else None)
        if account is None:
            note_refusal(Kind.SIGN_IN_FAILED, reason="unknown_account")
            raise InvalidCredentials
        if account.hashed_password is None:
            note_refusal(Kind.SIGN_IN_FAILED, account.id, reason="no_password")
            raise NoPassword
        if not match:
            note_refusal(Kind.SIGN_IN_FAILED, account.id, reason="wrong_password")
            raise InvalidCredentials
        if not account.is_active:
            note_refusal(Kind.SIGN_IN_FAILED, account.id, reason="deactivated")
            raise AccountDeactivated
        return account, match

    async def _open_unchanged(self, account: Account, password: str, match: PasswordMatch) -> Tokens | None:
        outdated = match is PasswordMatch.AS_GIVEN or is_outdated(account.hashed_password or "")
        renewed = await hash_password(password) if outdated else None
        now = await self._accounts.lock(account.id)
        if now is None or (now.hashed_password, now.is_active) != (account.hashed_password, True):
            return None
        if renewed:
            await self._accounts.set_password(account.id, renewed)
        return await self._sessions.open(now)

    async def change_password(self, user_id: int, session_id: UUID, current: str, new: str) -> None:
        """Set a new password, end the other sessions of the account and void its links for a reset.

        Raises:
            PasswordTooCommon: `new` is.
            NoPassword: there is none to change.
            PasswordIncorrect: `current` is wrong, or was changed by somebody else at the same time.
            AccountDeactivated: at the same time.
        """
        account = await self._accounts.by_id(user_id)
        await release(self._session)
        if account is None or account.hashed_password is None:
            note_refusal(Kind.PASSWORD_CHANGE_REFUSED, user_id, reason="no_password")
            raise NoPassword
        refuse_common(normalised_password(new), account.email, "new_password")
        if not await verify_password(current, account.hashed_password):
            note_refusal(Kind.PASSWORD_CHANGE_REFUSED, user_id, reason="wrong_password")
            raise PasswordIncorrect
        hashed = await hash_password(new)
        now = await self._accounts.lock(user_id)
        if now is None or not now.is_active:
            note_refusal(Kind.PASSWORD_CHANGE_REFUSED, user_id, reason="deactivated")
            raise AccountDeactivated
        if now.hashed_password != account.hashed_password:
            note_refusal(Kind.PASSWORD_CHANGE_REFUSED, user_id, reason="changed_meanwhile")
            raise PasswordIncorrect
        moment = await self._accounts.set_password(user_id, hashed)
        await self._tokens.revoke_all(user_id, but=session_id)
        await self._links.void(user_id, LinkPurpose.RESET_PASSWORD)
        await self._mails.password_changed(now.email, moment)
        await post(self._session, password_changed(user_id))
        await record(self._session, Kind.PASSWORD_CHANGED, user_id)

    async def profile(self, user_id: int) -> Account:
        return _present(await self._accounts.by_id(user_id))

    async def change_profile(self, user_id: int, changes: Mapping[str, Any]) -> Account:
        """Set `display_name` (None: shown under the default name) and `restock_mails`, where they are named.

        Raises:
            NameReserved: the name is for staff, and the account is not one of theirs.
        """
        name = changes.get("display_name")
        if name and poses_as_staff(name, self._shop_name):
            account = _present(await self._accounts.by_id(user_id))
            if account.role is not UserRole.ADMIN:
                raise NameReserved
        return _present(await self._accounts.change(user_id, **changes))


def _present(account: Account | None) -> Account:
    """The row of a caller who was authenticated in this transaction, so gone only if it was deleted this instant."""
    if account is None:
        raise AccountDeactivated
    return account


async def refuse_mails(session: AsyncSession, user_id: int, kind: str) -> None:
    """No more mails of that kind to the user; each kind that may be refused has a column of its name."""
    await AccountRepository(session).change(user_id, **{f"{kind}_mails": False})


async def purge_expired(session: AsyncSession) -> int:
    """Delete a batch of what has had its time (tokens, links, places, rate limit counters); how many rows."""
    tokens = await RefreshTokenRepository(session).purge()
    links = await LinkRepository(session).purge()
    places = await PlaceRepository(session).purge(PLACE_LIFE)
    return tokens + links + places + await purge_windows(session)
