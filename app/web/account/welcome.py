"""What follows when somebody has signed in on a page, by whatever way."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.browser import BrowserSessions, of_browsers
from app.accounts.sessions import SessionService, TokenPolicy, Tokens
from app.web.buying.basket import Basket
from app.web.visitor import Visitor


async def welcome(session: AsyncSession, visitor: Visitor, policy: TokenPolicy, tokens: Tokens) -> None:
    """Carry the session that was opened with the policy of browsers, and bring the guest's basket along."""
    await move_in(session, visitor, policy, tokens)
    visitor.sign_in(tokens.refresh_token)


async def move_in(session: AsyncSession, visitor: Visitor, policy: TokenPolicy, tokens: Tokens) -> None:
    """What `welcome` does in the database: hand the basket over, and end the session that was carried before."""
    opened = await BrowserSessions(session, of_browsers(policy)).find(tokens.refresh_token)
    if opened:
        visitor.left_out = await Basket(session, visitor).hand_over(opened.caller.id)
    if visitor.session_token:
        await SessionService(session, of_browsers(policy)).close(visitor.session_token)
