"""Where the reader is signed in, and how to end it."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from app.accounts.browser import of_browsers
from app.accounts.service_deps import Policy, Sessions
from app.accounts.sessions import SessionService, SessionShown
from app.core.db.transaction import Session
from app.web.access import Reader
from app.web.forms import Sent
from app.web.page import Page, render
from app.web.route import PrivatePageRoute, see_other
from app.web.visitor import AnyVisitor, browser_of

router = APIRouter(include_in_schema=False, route_class=PrivatePageRoute)
SESSIONS = "/account/sessions"


@dataclass(frozen=True, slots=True)
class SessionsPage(Page):
    """The sessions of browsers and apps, the newest first; `here` is the one that looks."""

    template: ClassVar[str] = "account/sessions.html"
    sessions: list[SessionShown]
    here: UUID


class Ended(BaseModel):
    """The session to end."""

    session_id: UUID


@router.get(SESSIONS)
async def sessions(request: Request, reader: Reader, sessions: Sessions) -> Response:
    """The list."""
    return render(request, SessionsPage(await sessions.open_sessions(reader.id), reader.session_id))


@router.post("/account/sessions/end")
async def end(sent: Sent, visitor: AnyVisitor, reader: Reader, sessions: Sessions) -> Response:
    """End one session of the reader. That of another account stays, and nothing tells of it."""
    wanted = sent.parse(Ended)
    if wanted:
        await sessions.end(reader.id, wanted.session_id)
        visitor.say("That session has ended.")
    if wanted and wanted.session_id == reader.session_id:
        visitor.sign_out()
        return see_other("/")
    return see_other(SESSIONS)


@router.post("/account/sessions/end-others")
async def end_others(
    request: Request, visitor: AnyVisitor, reader: Reader, session: Session, policy: Policy
) -> Response:
    """End all sessions but this one. Of the browsers, no other one is known to the account any more."""
    sessions = SessionService(session, of_browsers(policy, browser_of(request)))
    await sessions.end_others(reader.id, reader.session_id)
    visitor.say("You are signed out everywhere else.")
    return see_other(SESSIONS)
