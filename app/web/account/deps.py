"""The services of accounts for browsers: what they open are sessions whose token stands in a cookie."""

from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.browser import BrowserSessions, of_browsers
from app.accounts.oauth.deps import get_oauth
from app.accounts.oauth.service import OAuthService
from app.accounts.service import AccountService
from app.accounts.service_deps import Policy
from app.accounts.sessions import SessionService, TokenPolicy
from app.core.db.route import Session
from app.core.deps import Limiter
from app.mail.deps import OutboxDep
from app.web.account.establishing import Entrance
from app.web.buying.deps import basket_on
from app.web.visitor import AnyVisitor, Visitor, browser_of


async def get_policy(request: Request, policy: Policy) -> TokenPolicy:
    """How sessions of this browser are opened."""
    return of_browsers(policy, browser_of(request))


BrowserPolicy = Annotated[TokenPolicy, Depends(get_policy)]


async def get_accounts(session: Session, outbox: OutboxDep, policy: BrowserPolicy) -> AccountService:
    """Accounts whose sign-ins open sessions of this browser."""
    return AccountService(session, outbox, policy)


async def get_sessions(session: Session, policy: BrowserPolicy) -> SessionService:
    """Sessions as this browser opens and ends them."""
    return SessionService(session, policy)


async def get_oauth_of_browsers(
    request: Request, limiter: Limiter, outbox: OutboxDep, policy: BrowserPolicy
) -> OAuthService:
    """Sign-in with a provider that opens sessions of this browser."""
    return await get_oauth(request, limiter, outbox, policy)


def entrance_on(session: AsyncSession, visitor: Visitor, policy: TokenPolicy) -> Entrance:
    """The entrance in a transaction that is not the request's own."""
    own = of_browsers(policy)
    basket = basket_on(session, visitor)
    return Entrance(session, visitor, basket, BrowserSessions(session, own), SessionService(session, own))


async def get_entrance(session: Session, visitor: AnyVisitor, policy: Policy) -> Entrance:
    """On the session of this request."""
    return entrance_on(session, visitor, policy)


BrowserAccounts = Annotated[AccountService, Depends(get_accounts)]
OwnSessions = Annotated[SessionService, Depends(get_sessions)]
BrowserOAuth = Annotated[OAuthService, Depends(get_oauth_of_browsers)]
EntranceDep = Annotated[Entrance, Depends(get_entrance)]
