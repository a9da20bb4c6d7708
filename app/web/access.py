"""Who may see a page: readers who signed in, and staff."""

from typing import Annotated
from urllib.parse import quote, urlsplit

from fastapi import Depends, Request

from app.accounts.caller import Caller
from app.accounts.security.kinds import Kind
from app.accounts.security.noting import note_refusal, operation_of
from app.web.errors import Answered, error_page
from app.web.route import see_other
from app.web.visitor import AnyVisitor

SIGN_IN, STAFF = "/account/sign-in", "/staff"


async def get_reader(request: Request, visitor: AnyVisitor) -> Caller:
    """The reader; a guest is asked to sign in, and comes back here afterwards."""
    if visitor.caller is None:
        if request.url.path == STAFF or request.url.path.startswith(f"{STAFF}/"):
            note_refusal(Kind.STAFF_PAGE_REFUSED, operation=operation_of(request.scope))
        raise Answered(see_other(f"{SIGN_IN}?next={quote(_came_from(request))}"))
    return visitor.caller


def _came_from(request: Request) -> str:
    """The page that was asked for, or the page with the form that was sent."""
    if request.method in {"GET", "HEAD"}:
        query = request.scope["query_string"].decode("ascii", "replace")
        path: str = request.scope["path"]
        return f"{path}?{query}" if query else path
    try:
        return urlsplit(request.headers.get("referer", "")).path or "/account"
    except ValueError:  # such as a host that ends in the middle of an IPv6 address
        return "/account"


async def get_staff(request: Request, reader: Annotated[Caller, Depends(get_reader)], visitor: AnyVisitor) -> Caller:
    """A member of staff; a reader gets 403."""
    if not visitor.is_staff:
        note_refusal(Kind.STAFF_PAGE_REFUSED, reader.id, operation=operation_of(request.scope))
        raise Answered(error_page(request, 403, "For staff only", "This part of the shop is for its staff."))
    return reader


Reader = Annotated[Caller, Depends(get_reader)]
Staff = Annotated[Caller, Depends(get_staff)]


def own_path(given: str, otherwise: str) -> str:
    """`given` if it is a path of this shop that a link may lead to; never another site."""
    plain = given.isprintable() and "\\" not in given
    return given if plain and given.startswith("/") and not given.startswith("//") else otherwise
