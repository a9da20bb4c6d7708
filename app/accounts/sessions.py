"""Sessions: families of refresh tokens, each token good for one refresh."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, DateTime, func, literal
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.errors import RefreshedTooOften, RefreshInvalid, TokenReuse, UserInactive
from app.accounts.places import Place, Places
from app.accounts.repository import Account, AccountRepository
from app.accounts.security.kinds import Kind, Way
from app.accounts.security.noting import note_refusal, record
from app.accounts.token_repository import RefreshTokenRepository
from app.accounts.tokens import digest, issue_access_token, opaque_token


@dataclass(frozen=True, slots=True)
class TokenPolicy:
    """The key that signs access tokens, how long tokens and sessions live, and how many there may be.

    Within the life of a refresh token a session may have `max_refreshes` of them. `place` is where the client is.

    Opaque tokens of one `realm` are unknown in another: what a browser holds is no refresh token of the API.
    A session that is opened makes the `place` known to its account.
    """

    signing_key: str = field(repr=False)
    access_minutes: int
    refresh_days: int
    session_days: int
    realm: str = ""
    max_sessions: int = 50
    max_refreshes: int = 3000
    place: Place | None = None

    @property
    def client(self) -> str:
        """What its sessions are for, as security events tell it."""
        return "browser" if self.realm else "app"

    def digest(self, token: str) -> str:
        """What is kept of an opaque token of this realm."""
        return digest(self.realm + token)


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a client gets for a session."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SessionShown:
    """A session as its owner sees it: since when it is open, and until when if it is not used any more."""

    id: UUID
    since: datetime
    until: datetime


class SessionService:
    """Opens, rotates and ends sessions."""

    def __init__(self, session: AsyncSession, policy: TokenPolicy) -> None:
        self._session = session
        self._places = Places(policy.signing_key)
        self._accounts = AccountRepository(session)
        self._tokens = RefreshTokenRepository(session)
        self._policy = policy

    async def open(self, account: Account, way: Way = "password") -> Tokens:
        """A new session. The account's row must be locked, or be of this transaction.

        Where the account has as many as it may, the one that would end first ends.
        """
        await self._tokens.make_room(account.id, self._policy.max_sessions)
        end = func.now() + timedelta(days=self._policy.session_days)
        if self._policy.place:
            await self._places.remember(self._session, account.id, self._policy.place)
        tokens = await self._issue(account, uuid4(), end)
        await record(self._session, Kind.SIGNED_IN, account.id, way=way, client=self._policy.client)
        return tokens

    async def rotate(self, presented: str) -> Tokens:
        """The next tokens of a session, for its latest refresh token.

        Raises:
            RefreshInvalid: unknown or expired.
            RefreshedTooOften: one time too many; the session is revoked, and that is committed.
            TokenReuse: revoked before; the whole session is revoked, and that is committed.
            UserInactive: its account was deactivated.
        """
        token_hash = self._policy.digest(presented)
        account = await self._accounts.lock_owner_of_token(token_hash)
        token = await self._tokens.lock(token_hash)
        if account is None or token is None:
            note_refusal(Kind.REFRESH_REFUSED, reason="unknown_token")
            raise RefreshInvalid
        if token.is_revoked:
            await self._tokens.revoke_family(token.family)
            await record(self._session, Kind.REFRESH_TOKEN_REUSED, account.id, client=self._policy.client)
            raise TokenReuse
        if token.is_expired:
            note_refusal(Kind.REFRESH_REFUSED, account.id, reason="expired_token")
            raise RefreshInvalid
        if not account.is_active:
            note_refusal(Kind.REFRESH_REFUSED, account.id, reason="deactivated")
            raise UserInactive
        if token.siblings > self._policy.max_refreshes:
            await self._tokens.revoke_family(token.family)
            raise RefreshedTooOften
        await self._tokens.revoke(token_hash)
        end = literal(token.session_expires_at, DateTime(timezone=True))
        return await self._issue(account, token.family, end)

    async def close(self, presented: str) -> None:
        """Revoke that refresh token alone, if it is one."""
        owner = await self._tokens.revoke(self._policy.digest(presented))
        if owner is not None:
            await record(self._session, Kind.SIGNED_OUT, owner, client=self._policy.client)

    async def close_all(self, user_id: int) -> None:
        """Revoke every session of the account. Of the places where it signed in, no other one is known any more."""
        await self._accounts.lock(user_id)
        await self._tokens.revoke_all(user_id)
        await self._places.forget(self._session, user_id, but=self._policy.place)
        await record(self._session, Kind.SESSIONS_ENDED, user_id, which="all")

    async def open_sessions(self, user_id: int) -> list[SessionShown]:
        """The sessions of browsers and of the API that can go on, the newest first, as many as there may be."""
        life = timedelta(days=self._policy.session_days)
        found = await self._tokens.open_sessions(user_id, self._policy.max_sessions)
        return [SessionShown(session.id, session.ends_at - life, session.expires_at) for session in found]

    async def end(self, user_id: int, session_id: UUID) -> None:
        """Revoke that session, if it is one of the account."""
        await self._accounts.lock(user_id)
        if await self._tokens.revoke_own_family(user_id, session_id):
            await record(self._session, Kind.SESSION_ENDED, user_id)

    async def end_others(self, user_id: int, session_id: UUID) -> None:
        """Revoke every session of the account but that one. Places as in `close_all`."""
        await self._accounts.lock(user_id)
        await self._tokens.revoke_all(user_id, but=session_id)
        await self._places.forget(self._session, user_id, but=self._policy.place)
        await record(self._session, Kind.SESSIONS_ENDED, user_id, which="others")

    async def _issue(self, account: Account, family: UUID, end: ColumnElement[datetime]) -> Tokens:
        refresh_token = opaque_token()
        life = timedelta(days=self._policy.refresh_days)
        await self._tokens.add(account.id, family, self._policy.digest(refresh_token), life, end)
        access_token = issue_access_token(
            self._policy.signing_key,
            user_id=account.id,
            role=account.role,
            session_id=family,
            lifetime_minutes=self._policy.access_minutes,
        )
        return Tokens(access_token, refresh_token)
