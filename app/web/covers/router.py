"""Drawn covers as pictures."""

from fastapi import APIRouter, Depends, Request, Response
from starlette.exceptions import HTTPException

from app.core.middleware import storable_text
from app.core.parts import KEYS
from app.web.covers.drawing import draw
from app.web.covers.links import read_drawn

router = APIRouter(include_in_schema=False)
HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}


@router.get("/covers/{mark}/{name}.svg", dependencies=[Depends(storable_text)])
async def drawn_cover(mark: str, name: str, request: Request) -> Response:
    """Asks no database: all that is drawn stands in the address, and the mark keeps strangers from writing in it."""
    found = read_drawn(KEYS.of(request).covers, mark, name)
    if found is None:
        raise HTTPException(404)
    return Response(draw(*found), headers=HEADERS, media_type="image/svg+xml; charset=utf-8")
