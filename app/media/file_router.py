"""GET /uploads/{file}: no transaction, for no database is asked."""

from email.utils import formatdate, parsedate_to_datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response
from starlette.exceptions import HTTPException

from app.core.middleware import storable_text
from app.core.openapi import problems
from app.media.deps import Images
from app.media.rules import MEDIA_TYPES
from app.media.storage import StoredFile

router = APIRouter(prefix="/uploads", tags=["uploads"], dependencies=[Depends(storable_text)])

# What is stored never changes under its name.
CACHING = "public, max-age=31536000, immutable"
_BYTES = {"schema": {"type": "string", "format": "binary"}}
_TEXT = {"schema": {"type": "string"}}
_HEADERS = {"ETag": _TEXT, "Last-Modified": _TEXT, "Cache-Control": {"schema": {"type": "string", "const": CACHING}}}
ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "The image", "content": dict.fromkeys(MEDIA_TYPES.values(), _BYTES), "headers": _HEADERS},
    304: {"description": "What the caller has is still right", "headers": _HEADERS},
}
FileName = Annotated[str, Path(examples=["0123456789abcdef0123456789abcdef.webp"])]


@router.head("/{file}", include_in_schema=False)
@router.get(
    "/{file}",
    summary="Show an image",
    response_class=Response,
    responses=problems("HTTP_404") | ANSWERS,
)
async def show_image(file: FileName, request: Request, images: Images) -> Response:
    """A stored image. What is under a name never changes, so it may be kept for good."""
    stored = await images.open(file, with_content=request.method == "GET")
    if stored is None:
        raise HTTPException(404)
    stem, _, extension = file.partition(".")
    headers = {
        "ETag": f'"{stem}"',
        "Last-Modified": formatdate(stored.modified_at, usegmt=True),
        "Cache-Control": CACHING,
        "Content-Security-Policy": "default-src 'none'",
    }
    if _is_known(request, headers["ETag"], stored):
        return Response(status_code=304, headers=headers)
    headers["Content-Length"] = str(stored.size)
    return Response(stored.content, headers=headers, media_type=MEDIA_TYPES[extension])


def _is_known(request: Request, etag: str, stored: StoredFile) -> bool:
    """Whether the caller has it, by `If-None-Match` or else by `If-Modified-Since` (RFC 9110, section 13.2.2)."""
    if known := ",".join(request.headers.getlist("if-none-match")):
        return known.strip() == "*" or etag in {tag.strip().removeprefix("W/") for tag in known.split(",")}
    try:
        return int(stored.modified_at) <= parsedate_to_datetime(request.headers["if-modified-since"]).timestamp()
    except (KeyError, ValueError, OverflowError):
        return False
