"""What follows when somebody has signed in on a page, by whatever way."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.browser import BrowserSessions, of_browsers
from app.accounts.sessions import SessionService, TokenPolicy, Tokens
from app.web.buying.basket import Basket
from app.web.visitor import Visitor


async def welcome(session: AsyncSession, visitor: Visitor, policy: TokenPolicy, tokens: Tokens) -> None:
    """Carry the session that was opened with the policy of browsers, and bring the guest's basket along."""
    settle(visitor, tokens, await move_in(session, visitor, policy, tokens))


def settle(visitor: Visitor, tokens: Tokens, left_out: list[str]) -> None:
    """Carry the session from now on, and tell what of the guest's basket was left out."""
    visitor.sign_in(tokens.refresh_token)
    for sentence in left_out:
        visitor.say(sentence, "bad")


async def move_in(session: AsyncSession, visitor: Visitor, policy: TokenPolicy, tokens: Tokens) -> list[str]:
    """What `welcome` does in the database: hand the basket over, and end the session that was carried before.

    What of the basket was left out, in sentences.
    """
    opened = await BrowserSessions(session, of_browsers(policy)).find(tokens.refresh_token)
    left_out = await Basket(session, visitor).hand_over(opened.caller.id) if opened else []
    if visitor.session_token:
        await SessionService(session, of_browsers(policy)).close(visitor.session_token)
    return left_out
