"""Errors as pages, and answers that undo what the request did."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from fastapi import Request, Response

from app.web.page import PageContext, render


class Answered(Exception):
    """Raise to roll back and answer with this page all the same: a form shown again with what is wrong."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


@dataclass(frozen=True, slots=True)
class ErrorPage(PageContext):
    """What went wrong, and where to go from here."""

    template: ClassVar[str] = "error.html"
    status: int
    title: str
    detail: str


def error_page(
    request: Request, status: int, title: str, detail: str, headers: Mapping[str, str] | None = None
) -> Response:
    """The page of an error. It asks the database nothing."""
    response = render(request, ErrorPage(status, title, detail), status)
    response.headers.update(dict(headers or {}))
    return response
