"""The stylesheet, scripts and drawings: read once, compressed once, kept by browsers for good."""

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from mimetypes import guess_type
from pathlib import Path

from fastapi import APIRouter, Depends, Request, Response
from starlette.exceptions import HTTPException

from app.core.middleware import storable_text

FOLDER = Path(__file__).parent / "static"
STYLESHEET = "shop.css"
COMPRESSIBLE = ("text/", "image/svg", "application/json", "application/manifest")

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is served. `packed` where compressing pays."""

    content: bytes
    media_type: str
    packed: bytes | None


@cache
def _assets() -> dict[str, Asset]:
    """By name. The parts in `css/` are one stylesheet, in the order of their names."""
    parts = [path.read_bytes() for path in sorted((FOLDER / "css").glob("*.css"))]
    found = {STYLESHEET: _asset(STYLESHEET, b"\n".join(parts))}
    for path in sorted(FOLDER.glob("**/*")):
        if path.is_file() and path.parent.name != "css":
            found[path.name] = _asset(path.name, path.read_bytes())
    return found


def _asset(name: str, content: bytes) -> Asset:
    media_type = "text/javascript" if name.endswith(".js") else guess_type(name)[0] or "application/octet-stream"
    media_type += "; charset=utf-8" if media_type.endswith("xml") else ""
    return Asset(content, media_type, gzip.compress(content, 9) if media_type.startswith(COMPRESSIBLE) else None)


@cache
def _edition() -> str:
    """Changes with any of the files, so that modules may import each other by their plain names."""
    contents = hashlib.sha256()
    for name, found in _assets().items():
        contents.update(name.encode() + b"\0" + found.content)
    return contents.hexdigest()[:12]


def asset(name: str) -> str:
    """The path of a file of `static/`. Raises KeyError when there is none."""
    _assets()[name]
    return f"/assets/{_edition()}/{name}"


@router.get("/assets/{edition}/{name}", dependencies=[Depends(storable_text)])
async def get_asset(edition: str, name: str, request: Request) -> Response:
    """A file of `static/`; what asks for another edition gets the present one, and keeps it for a moment only."""
    found = _assets().get(name)
    if found is None:
        raise HTTPException(404)
    age = "public, max-age=31536000, immutable" if edition == _edition() else "no-cache"
    headers = {"Cache-Control": age, "Vary": "Accept-Encoding"}
    if found.packed and "gzip" in request.headers.get("accept-encoding", ""):
        return Response(found.packed, headers=headers | {"Content-Encoding": "gzip"}, media_type=found.media_type)
    return Response(found.content, headers=headers, media_type=found.media_type)
