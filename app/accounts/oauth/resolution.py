"""Whose account an identity opens: the one it is known for, else the one with its address, else a new one."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.errors import UserInactive
from app.accounts.mails import AccountMails, sign_in_linked
from app.accounts.oauth.identity import Identity, verified_email
from app.accounts.oauth.providers import LABELS
from app.accounts.oauth.repository import IdentityRepository
from app.accounts.place_repository import PlaceRepository
from app.accounts.repository import Account, AccountRepository
from app.accounts.security.kinds import Kind
from app.accounts.security.noting import note_refusal, record
from app.accounts.token_repository import RefreshTokenRepository
from app.core.errors import TryAgain
from app.mail.notices import post
from app.mail.outbox import Outbox

TRIES = 5


class AccountResolution:
    """Finds or makes the account of an identity, in the transaction of its session. Asks no provider."""

    def __init__(self, session: AsyncSession, outbox: Outbox) -> None:
        self._session = session
        self._accounts = AccountRepository(session)
        self._identities = IdentityRepository(session)
        self._tokens = RefreshTokenRepository(session)
        self._mails = AccountMails(session, outbox)

    async def account_of(self, identity: Identity) -> Account:
        """The account, its row locked, or new in this transaction.

        Raises:
            OAuthNoEmail, OAuthEmailUnverified: as the provider says.
            UserInactive: the account was deactivated; nothing was linked to it.
        """
        email = verified_email(identity)
        for _ in range(TRIES):
            account = (
                await self._known(identity) or await self._linked(identity, email) or await self._new(identity, email)
            )
            if account:
                return account
            # The identity or the address was taken while we looked: it is found in the next round.
        raise TryAgain

    async def _known(self, identity: Identity) -> Account | None:
        account = await self._accounts.lock_owner_of_identity(identity.provider, identity.subject)
        return account and _active(account, identity)

    async def _linked(self, identity: Identity, email: str) -> Account | None:
        """The account with that address, which the identity opens from now on.

        A password that was set before the address was proven goes: whoever set it never showed that it was theirs.
        So do the places where they signed in.
        """
        found = await self._accounts.lock_by_email(email)
        if found is None:
            return None
        moment = await self._identities.add(_active(found, identity).id, identity)
        if moment is None:
            return None
        account = await self._accounts.adopt(found.id)
        if found.email_verified_at is None:
            await PlaceRepository(self._session).forget(account.id)
        await self._tokens.revoke_all(account.id)
        lost_password = found.hashed_password is not None and account.hashed_password is None
        await self._mails.identity_linked(
            account.email, LABELS[identity.provider], moment, lost_password=lost_password
        )
        await post(self._session, sign_in_linked(account.id, LABELS[identity.provider]))
        await record(self._session, Kind.PROVIDER_LINKED, account.id, provider=identity.provider)
        return account

    async def _new(self, identity: Identity, email: str) -> Account | None:
        attempt = await self._session.begin_nested()
        account = await self._accounts.add_verified(email)
        if account and await self._identities.add(account.id, identity):
            await attempt.commit()
            return account
        await attempt.rollback()
        return None


def _active(account: Account, identity: Identity) -> Account:
    if not account.is_active:
        note_refusal(Kind.PROVIDER_REFUSED, account.id, provider=identity.provider, reason="deactivated")
        raise UserInactive
    return account
