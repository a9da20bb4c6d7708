"""The services of accounts on the session of a request, and the limits on its client."""

from typing import Annotated

from fastapi import Depends, Request

from app.accounts.limits import AuthLimits
from app.accounts.places import Place, Places
from app.accounts.recovery import RecoveryService
from app.accounts.service import AccountService
from app.accounts.sessions import SessionService, TokenPolicy
from app.core.db.route import Session
from app.core.db.transaction import DATABASE
from app.core.deps import Limiter, client_address, client_of
from app.core.parts import SETTINGS, SIGNING_KEY
from app.mail.deps import OutboxDep


async def get_policy(request: Request) -> TokenPolicy:
    """How this shop signs tokens, how long they live, and where the client is."""
    settings = SETTINGS.of(request)
    return TokenPolicy(
        signing_key=SIGNING_KEY.of(request),
        access_minutes=settings.access_token_expire_minutes,
        refresh_days=settings.refresh_token_expire_days,
        session_days=settings.session_max_days,
        max_sessions=settings.max_sessions_per_account,
        max_refreshes=settings.max_refreshes_per_session,
        place=Place(client_address(request)),
    )


Policy = Annotated[TokenPolicy, Depends(get_policy)]


async def get_accounts(session: Session, outbox: OutboxDep, policy: Policy) -> AccountService:
    return AccountService(session, outbox, policy)


async def get_sessions(session: Session, policy: Policy) -> SessionService:
    return SessionService(session, policy)


async def get_recovery(session: Session, outbox: OutboxDep, policy: Policy) -> RecoveryService:
    return RecoveryService(session, outbox, policy)


Accounts = Annotated[AccountService, Depends(get_accounts)]
Sessions = Annotated[SessionService, Depends(get_sessions)]
Recovery = Annotated[RecoveryService, Depends(get_recovery)]


async def get_limits(request: Request, limiter: Limiter) -> AuthLimits:
    """The limits on the client of this request."""
    settings = SETTINGS.of(request)
    return AuthLimits(
        limiter,
        Places(SIGNING_KEY.of(request)),
        DATABASE.of(request),
        client_of(request),
        per_minute=settings.rate_limit_auth_per_minute,
        seats=settings.password_queue,
    )


Limits = Annotated[AuthLimits, Depends(get_limits)]
