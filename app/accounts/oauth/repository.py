"""The SQL of sign-in identities."""

from datetime import datetime

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import OAuthAccount
from app.accounts.oauth.identity import Identity


class IdentityRepository:
    """Rows of oauth_accounts."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, user_id: int, identity: Identity) -> datetime | None:
        """When it was added, by the database clock; None if some account has it, be it since just now."""
        row = insert(OAuthAccount).values(
            user_id=user_id, oauth_provider=identity.provider, oauth_account_id=identity.subject
        )
        added = row.on_conflict_do_nothing().returning(OAuthAccount.created_at)
        return (await self._session.execute(added)).scalar_one_or_none()
