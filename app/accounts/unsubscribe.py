"""The link of mails that may be refused: a page that asks, and the POST of its button or of a mail program."""

import secrets
from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Query
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import BaseModel, ConfigDict, Field

from app.accounts.deps import NoStoreRoute
from app.accounts.errors import UnsubscribeLinkInvalid
from app.accounts.service import refuse_mails
from app.core.db.route import Session
from app.core.middleware import storable_text
from app.core.openapi import problems
from app.mail.deps import OutboxDep

router = APIRouter(prefix="/mail", tags=["mail"], route_class=NoStoreRoute, dependencies=[Depends(storable_text)])
_pages = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    auto_reload=False,
)

POLICY = "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
Token = Annotated[str, Query(description="As it stands in the mailed link.", examples=["WzcsInJlc3RvY2siXQ.q3v…"])]


class OneClick(BaseModel):
    """What mail programs send for their reader (RFC 8058); so does the button of the page."""

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True)

    list_unsubscribe: Literal["One-Click"] = Field(alias="List-Unsubscribe", examples=["One-Click"])


def _page(state: Literal["ask", "done", "invalid"], status: int = 200) -> HTMLResponse:
    """Nothing of the request is shown, no script runs, and where the reader goes next the link is not told."""
    nonce = secrets.token_urlsafe(16)
    html = _pages.get_template("unsubscribe.html").render(state=state, nonce=nonce)
    policy = {"Content-Security-Policy": f"{POLICY}; style-src 'nonce-{nonce}'"}
    return HTMLResponse(html, status, policy | {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"})


@router.get(
    "/unsubscribe",
    summary="Ask before unsubscribing",
    response_class=HTMLResponse,
    responses={400: {"description": "The link is not one of ours.", "content": {"text/html": {}}}},
)
async def show_unsubscribe(outbox: OutboxDep, token: Token = "") -> HTMLResponse:
    """A page with one button. Opening it changes nothing, for programs that look at mails open links as well."""
    return _page("ask") if outbox.unsubscribe_links.read(token) else _page("invalid", 400)


@router.post(
    "/unsubscribe",
    summary="Unsubscribe",
    response_class=HTMLResponse,
    responses=problems("AUTH_LINK_INVALID"),
)
async def unsubscribe(
    _: Annotated[OneClick, Form()], outbox: OutboxDep, session: Session, token: Token = ""
) -> HTMLResponse:
    """No more mails of the kind that the link came with, until the account says otherwise (`PATCH /auth/me`)."""
    named = outbox.unsubscribe_links.read(token)
    if named is None:
        raise UnsubscribeLinkInvalid
    user_id, kind = named
    await refuse_mails(session, user_id, kind)
    return _page("done")
