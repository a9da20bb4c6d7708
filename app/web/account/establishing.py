"""What follows when somebody has signed in on a page, by whatever way."""

from functools import partial

from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.browser import BrowserSessions
from app.accounts.sessions import SessionService, Tokens
from app.core.db.transaction import once_committed
from app.web.buying.basket import Basket
from app.web.visitor import Visitor


class Entrance:
    """Lets a visitor in who has signed in, and out again."""

    def __init__(
        self,
        session: AsyncSession,
        visitor: Visitor,
        basket: Basket,
        browsers: BrowserSessions,
        sessions: SessionService,
    ) -> None:
        self._session = session
        self._visitor = visitor
        self._basket = basket
        self._browsers = browsers
        self._sessions = sessions

    async def welcome(self, tokens: Tokens) -> None:
        """Carry the session that was opened with the policy of browsers, and bring the guest's basket along.

        The cookies change once that is committed: a guest whose sign-in fails keeps the basket.
        """
        await self.move_in(tokens)
        once_committed(self._session, partial(self._visitor.sign_in, tokens.refresh_token))

    async def move_in(self, tokens: Tokens) -> None:
        """What `establish_session` does in the database: hand the basket over, end the session carried before."""
        opened = await self._browsers.find(tokens.refresh_token)
        if opened:
            self._visitor.left_out = await self._basket.hand_over(opened.caller.id)
        await self._close()

    async def leave(self) -> None:
        """End the session that the browser carries."""
        await self._close()
        if self._visitor.session_token:
            self._visitor.sign_out()

    async def _close(self) -> None:
        if self._visitor.session_token:
            await self._sessions.close(self._visitor.session_token)
