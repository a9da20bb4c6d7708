"""Forms that bring a file: let in by a token in their address, so that nothing is read of a body nobody may send."""

from typing import Final
from urllib.parse import urlencode

from fastapi import Request

from app.web.route import PrivatePageRoute, require_same_site, require_token
from app.web.visitor import expected_form_token

COVER: Final = "/staff/books/cover"
IMPORT: Final = "/staff/books/import"
STREAMED: Final = frozenset({("POST", COVER), ("POST", IMPORT)})
"""What BodyLimitMiddleware leaves unread: each reads its body within a bound of its own, for staff alone."""

_TOKEN = "token"  # noqa: S105 - the name of a parameter


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
