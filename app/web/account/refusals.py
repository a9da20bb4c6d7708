"""A form of accounts shown again because a rule said no."""

from fastapi import Request

from app.core.errors import DomainError
from app.web.errors import Answered
from app.web.page import PageContext, render


def rerender_form(request: Request, page: PageContext, error: DomainError) -> Answered:
    """Rolls back. Where trying again makes sense later, the answer says when."""
    wait = error.retry_after()
    response = render(request, page, 422 if wait is None else error.status)
    if wait is not None:
        response.headers["Retry-After"] = str(wait)
    return Answered(response)
