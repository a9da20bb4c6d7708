"""Sessions of browsers: rows beside the refresh tokens, revoked with them, each named by the token in a cookie."""

from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.caller import Caller
from app.accounts.models import RefreshToken, User
from app.accounts.sessions import TokenPolicy

REALM = "browser:"
RENEWED_AFTER = timedelta(days=1)


def of_browsers(policy: TokenPolicy, browser: str | None = None) -> TokenPolicy:
    """The policy for sessions whose refresh token stands in a cookie; `browser` is the id in another one."""
    place = replace(policy.place, browser=browser) if policy.place else None
    return replace(policy, realm=REALM, place=place)


@dataclass(frozen=True, slots=True)
class BrowserSession:
    """Whose session it is; `is_ageing` when it should be renewed."""

    caller: Caller
    is_ageing: bool


class BrowserSessions:
    """Reads and renews them; `SessionService` with the policy `of_browsers` opens and closes them."""

    def __init__(self, session: AsyncSession, policy: TokenPolicy) -> None:
        self._session = session
        self._policy = policy
        self._life = timedelta(days=policy.refresh_days)

    async def find(self, token: str) -> BrowserSession | None:
        """The session with that token, if it is good and its account active."""
        fresh_until = func.now() + self._life - RENEWED_AFTER
        may_grow = RefreshToken.expires_at < RefreshToken.session_expires_at
        query = (
            select(
                User.id,
                User.email,
                User.display_name,
                User.role,
                RefreshToken.token_family,
                (RefreshToken.expires_at < fresh_until) & may_grow,
            )
            .join(RefreshToken, RefreshToken.user_id == User.id)
            .where(
                RefreshToken.token_hash == self._policy.digest(token),
                RefreshToken.revoked_at.is_(None),
                RefreshToken.expires_at > func.now(),
                User.is_active,
            )
        )
        row = (await self._session.execute(query)).one_or_none()
        return None if row is None else BrowserSession(Caller(*row[:5]), is_ageing=row[5])

    async def renew(self, token: str) -> None:
        """Let it live its full time again, but never longer than the session may."""
        end = func.least(func.now() + self._life, RefreshToken.session_expires_at)
        good = (RefreshToken.token_hash == self._policy.digest(token), RefreshToken.revoked_at.is_(None))
        await self._session.execute(update(RefreshToken).where(*good).values(expires_at=end))
