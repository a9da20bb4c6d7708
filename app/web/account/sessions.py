"""Where the reader is signed in, and how to end it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from app.accounts.security.deps import Trail
from app.accounts.security.kinds import REFUSALS
from app.accounts.security.models import SecurityEvent
from app.accounts.service_deps import Sessions
from app.accounts.sessions import SessionShown
from app.web.access import Reader
from app.web.account.deps import OwnSessions
from app.web.forms import Sent
from app.web.page import PageContext, render
from app.web.route import PrivatePageRoute, see_other
from app.web.security_words import sentence
from app.web.visitor import AnyVisitor

router = APIRouter(include_in_schema=False, route_class=PrivatePageRoute)
SESSIONS = "/account/sessions"
LATEST = 10


@dataclass(frozen=True, slots=True)
class SignInLine:
    """A sign-in, or one that was refused, ready to be shown."""

    event: SecurityEvent

    @property
    def sentence(self) -> str:
        return sentence(self.event)

    @property
    def is_refusal(self) -> bool:
        return self.event.kind in REFUSALS


@dataclass(frozen=True, slots=True)
class SessionsPage(PageContext):
    """The sessions of browsers and apps, the newest first; `here` is the one that looks.

    `opened` holds the sign-ins by which they were opened, by their moment, as far as these are kept.
    """

    template: ClassVar[str] = "account/sessions.html"
    sessions: list[SessionShown]
    here: UUID
    opened: Mapping[datetime, SecurityEvent]
    sign_ins: list[SignInLine]


class Ended(BaseModel):
    """The session to end."""

    session_id: UUID


@router.get(SESSIONS)
async def show_sessions(request: Request, reader: Reader, sessions: Sessions, trail: Trail) -> Response:
    """The list, and the latest sign-ins."""
    found = await sessions.open_sessions(reader.id)
    page = SessionsPage(
        found,
        reader.session_id,
        await trail.signed_in_at(reader.id, [one.since for one in found]),
        [SignInLine(event) for event in (await trail.sign_ins(reader.id, LATEST)).entries],
    )
    return render(request, page)


@router.post("/account/sessions/end")
async def end(sent: Sent, visitor: AnyVisitor, reader: Reader, sessions: Sessions) -> Response:
    """End one session of the reader. That of another account stays, and nothing tells of it."""
    wanted = sent.parse(Ended)
    if wanted:
        await sessions.end(reader.id, wanted.session_id)
        visitor.flash("That session has ended.")
    if wanted and wanted.session_id == reader.session_id:
        visitor.sign_out()
        return see_other("/")
    return see_other(SESSIONS)


@router.post("/account/sessions/end-others")
async def end_others(visitor: AnyVisitor, reader: Reader, sessions: OwnSessions) -> Response:
    """End all sessions but this one. Of the browsers, no other one is known to the account any more."""
    await sessions.end_others(reader.id, reader.session_id)
    visitor.flash("You are signed out everywhere else.")
    return see_other(SESSIONS)
