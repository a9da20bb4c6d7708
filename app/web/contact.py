"""Whom to tell of a fault in the shop (RFC 9116)."""

from datetime import UTC, datetime, timedelta

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import PlainTextResponse
from starlette.exceptions import HTTPException

from app.core.middleware import storable_text
from app.core.parts import SETTINGS

router = APIRouter(include_in_schema=False)
PATH = "/.well-known/security.txt"
LIFE = timedelta(days=180)
"""How long whoever reads it may trust it: a shop that runs says it anew every day."""


@router.get(PATH, dependencies=[Depends(storable_text)])
async def security_txt(request: Request) -> Response:
    """As SECURITY_CONTACT has it; asks no database."""
    settings = SETTINGS.of(request)
    if not settings.security_contact:
        raise HTTPException(404)
    until = datetime.now(UTC).date() + LIFE
    lines = [*(f"Contact: {contact}" for contact in settings.security_contact.split()), f"Expires: {until}T00:00:00Z"]
    if settings.public_base_url.startswith("https://"):  # the RFC allows no other address
        lines.append(f"Canonical: {settings.public_base_url}{PATH}")
    return PlainTextResponse("\n".join([*lines, ""]), headers={"Cache-Control": "public, max-age=86400"})
