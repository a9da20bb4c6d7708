"""Forms that bring a file: let in by a token in their address, so that nothing is read of a body nobody may send."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import urlencode

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect

from app.core.body_guard import declares_more_than
from app.core.errors import BodyTooLarge, InvalidInput
from app.web.route import PrivatePageRoute, require_same_site, require_token
from app.web.visitor import expected_form_token

COVER: Final = "/staff/books/cover"
IMPORT: Final = "/staff/books/import"
STREAMED: Final = frozenset({("POST", COVER), ("POST", IMPORT)})
"""What BodyGuard leaves unread: each reads its body within a bound of its own, for staff alone."""

_TOKEN = "token"  # noqa: S105 - the name of a parameter
_OVERHEAD_BYTES = 64 * 1024
_MAX_FIELDS = 20


class FileTooLarge(BodyTooLarge):
    """The file has more bytes than such a file may have."""

    def __init__(self, max_bytes: int) -> None:
        super().__init__(f"The file may have {max_bytes // 1_000_000} MB at most.")


class NoFile(InvalidInput):
    """The form came without a file."""

    detail = "Please choose a file first."


class UploadRoute(PrivatePageRoute):
    """A page that takes a file. Its token stands in the address and is good for this path and this session alone."""

    @staticmethod
    async def require_own_form(request: Request) -> None:
        """Raises HTTPException as for other pages, before the body is read."""
        require_same_site(request)
        require_token(request, request.query_params.get(_TOKEN), request.scope["path"])


def upload_action(request: Request, path: str, **parameters: object) -> str:
    """Where a form sends its file."""
    return f"{path}?{urlencode(parameters | {_TOKEN: expected_form_token(request, path)})}"


@asynccontextmanager
async def read_upload(request: Request, max_bytes: int) -> AsyncIterator[UploadFile]:
    """The field `file` of a multipart form, spooled to a temporary file.

    Raises:
        FileTooLarge: the form is larger than `max_bytes` and what surrounds a file.
        NoFile: nothing was chosen.
        HTTPException: 400, the form is malformed or was cut short.
    """
    if declares_more_than(max_bytes + _OVERHEAD_BYTES, request.scope):
        raise FileTooLarge(max_bytes)
    parser = MultiPartParser(request.headers, _bounded(request, max_bytes), max_files=1, max_fields=_MAX_FIELDS)
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError) as error:
        raise HTTPException(400, "The form is malformed. Please load the page again.") from error
    except ClientDisconnect as error:
        raise HTTPException(400, "The upload was cut short.") from error
    try:
        found = form.get("file")
        if not isinstance(found, UploadFile) or not found.filename:
            raise NoFile
        yield found
    finally:
        await form.close()


async def _bounded(request: Request, max_bytes: int) -> AsyncGenerator[bytes]:
    received = 0
    async for chunk in request.stream():
        received += len(chunk)
        if received > max_bytes + _OVERHEAD_BYTES:
            raise FileTooLarge(max_bytes)
        yield chunk
