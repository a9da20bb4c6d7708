"""Mailed links: proving an address, and a new password for those who forgot theirs."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.common_passwords import refuse_common
from app.accounts.errors import LinkInvalid
from app.accounts.mails import AccountMails, password_changed
from app.accounts.models import LinkPurpose
from app.accounts.passwords import hash_password, normalised_password
from app.accounts.places import Places
from app.accounts.repository import Account, AccountRepository
from app.accounts.security.kinds import Kind
from app.accounts.security.noting import note_refusal, record
from app.accounts.sessions import TokenPolicy
from app.accounts.token_repository import LinkRepository, RefreshTokenRepository
from app.accounts.tokens import digest, opaque_token
from app.core.db.transaction import release
from app.mail.notices import post
from app.mail.outbox import Outbox

VERIFICATION_LIFE = timedelta(hours=24)
RESET_LIFE = timedelta(hours=1)
NOBODY = 0  # no account has this id


class RecoveryService:
    """Sends links and takes them back, once each."""

    def __init__(self, session: AsyncSession, outbox: Outbox, policy: TokenPolicy) -> None:
        self._session = session
        self._accounts = AccountRepository(session)
        self._links = LinkRepository(session)
        self._tokens = RefreshTokenRepository(session)
        self._mails = AccountMails(session, outbox)
        self._places = Places(policy.signing_key)
        self._place = policy.place
        # In an hour the mailbox gets no more than these, so that no link of that age is ever void for a newer one.
        self._links_kept = 2 * outbox.caps.per_hour

    async def send_verification(self, account: Account) -> None:
        """Mail a link that proves the address, unless it is proven, or the mailbox got enough mails of late."""
        if account.email_verified_at is None and await self._mails.may_send_link(account.email):
            token = opaque_token()
            await self._add_link(account.id, LinkPurpose.VERIFY_EMAIL, token, VERIFICATION_LIFE)
            await self._mails.verification(account.email, token, VERIFICATION_LIFE)

    async def is_good(self, token: str, purpose: LinkPurpose) -> bool:
        """Whether a mailed link could be used now. Looking does not use it up."""
        usable = await self._links.is_usable(digest(token), purpose)
        if not usable:
            note_refusal(Kind.LINK_REFUSED, link=purpose.value)
        return usable

    async def resend_verification(self, user_id: int) -> None:
        account = await self._accounts.lock(user_id)
        if account and account.is_active:
            await self.send_verification(account)

    async def verify(self, token: str) -> None:
        """Count the address as proven. Raises LinkInvalid."""
        account = await self._redeem(digest(token), LinkPurpose.VERIFY_EMAIL)
        await self._accounts.mark_verified(account.id)
        await record(self._session, Kind.ADDRESS_VERIFIED, account.id)

    async def forgot(self, email: str) -> None:
        """Mail a reset link to an active account, unless its mailbox got enough mails of late.

        For any other address, and beyond that bound, the same statements run in the same order, and what they did is
        withdrawn at the end: neither the answer nor its time tells whether there is an account. Older links stay
        good.
        """
        account = await self._accounts.lock_by_email(email)
        user_id = account.id if account and account.is_active else NOBODY
        token = opaque_token()
        queued = await self._session.begin_nested()
        may_send = await self._mails.may_send_link(email)
        await self._add_link(user_id, LinkPurpose.RESET_PASSWORD, token, RESET_LIFE)
        await self._mails.password_reset(email, token, RESET_LIFE)
        await (queued.commit() if may_send and user_id != NOBODY else queued.rollback())
        state = "active" if user_id != NOBODY else "deactivated" if account else "unknown"
        await record(self._session, Kind.RESET_ASKED, account.id if account else None, state=state)

    async def reset(self, token: str, new_password: str, browser: str | None = None) -> None:
        """Set the password, count the address as proven, end every session and void all other links.

        Whoever can read the owner's mail is known from now on where they are; `browser` is the id in their cookie.
        With the new password the counters of failed sign-ins begin anew.

        Raises:
            LinkInvalid, PasswordTooCommon.
        """
        owner = await self._accounts.owner_of_link(digest(token))
        if owner is None or not await self.is_good(token, LinkPurpose.RESET_PASSWORD):
            raise LinkInvalid
        await release(self._session)
        refuse_common(normalised_password(new_password), owner.email, "new_password")
        hashed = await hash_password(new_password)
        account = await self._redeem(digest(token), LinkPurpose.RESET_PASSWORD)
        moment = await self._accounts.set_password(account.id, hashed)
        await self._arrive(account, browser)
        await self._accounts.mark_verified(account.id)
        await self._tokens.revoke_all(account.id)
        await self._links.void(account.id, LinkPurpose.RESET_PASSWORD)
        await self._mails.password_changed(account.email, moment)
        await post(self._session, password_changed(account.id))
        await record(self._session, Kind.RESET_DONE, account.id)

    async def _add_link(self, user_id: int, purpose: LinkPurpose, token: str, life: timedelta) -> None:
        await self._links.add(user_id, purpose, digest(token), life)
        await self._links.keep_newest(user_id, purpose, self._links_kept)

    async def _arrive(self, account: Account, browser: str | None) -> None:
        """Make the place known. Where the address was not proven, whoever signed in before may have been anybody."""
        if account.email_verified_at is None:
            await self._places.forget(self._session, account.id)
        if self._place:
            await self._places.remember(self._session, account.id, replace(self._place, browser=browser))

    async def _redeem(self, token_hash: str, purpose: LinkPurpose) -> Account:
        """Use the link up; its owner, whose row is locked."""
        account = await self._accounts.lock_owner_of_link(token_hash)
        if account is None or not account.is_active or not await self._links.use(token_hash, purpose):
            note_refusal(Kind.LINK_REFUSED, account.id if account else None, link=purpose.value)
            raise LinkInvalid
        return account
