"""Every domain error can be answered, as a problem document and as a page, whatever its code."""

import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from http import HTTPStatus
from typing import Any, get_type_hints

import pytest
from fastapi import APIRouter
from httpx2 import AsyncClient

import app.main  # noqa: F401 - with it all errors are imported
from app.core.db.route import TransactionRoute
from app.core.errors import DomainError, Full, InvalidRequest, all_codes, error_with
from app.health.router import Checks
from app.orders.schemas import InsufficientStockItem
from app.web.route import PageRoute
from app.web.visitor import AnyVisitor
from tests.support import Shop

SAMPLES: list[tuple[Any, Any]] = [
    (int, 7),
    (str, "a_name"),
    (str | None, None),
    (Decimal, Decimal("12.50")),
    (datetime | None, None),
    (Sequence[int], [7]),
    (Sequence[InsufficientStockItem], [InsufficientStockItem(book_id=7, title="Emma", requested=2, available=1)]),
    (Sequence[Mapping[str, Any]], [{"loc": ("query", "a_name"), "msg": "is not valid", "type": "value_error"}]),
    (Mapping[str, str], {"city": "Please fill this in."}),
    (Checks, Checks(database="failed", migrations="ok")),
]
"""A value for each type that a constructor of an error asks for."""


def classes(root: type[DomainError] = DomainError) -> Iterator[type[DomainError]]:
    """All of the shop that can be raised."""
    for found in root.__subclasses__():
        if found.__module__.startswith("app.") and hasattr(found, "code"):
            yield found
        yield from classes(found)


ALL = {f"{found.__module__}.{found.__name__}": found for found in classes()}


def sample(error: type[DomainError]) -> DomainError:
    hints = get_type_hints(error.__init__)
    needed = [
        name
        for name, parameter in inspect.signature(error).parameters.items()
        if parameter.default is inspect.Parameter.empty
    ]
    return error(*(next(value for kind, value in SAMPLES if kind == hints[name]) for name in needed))


def is_sentence(text: str) -> bool:
    """Made for people: of several words, with nothing left to fill in."""
    return bool(re.fullmatch(r"[A-Z0-9][^{}_]* [^{}]*", text))


def test_all_of_them_are_looked_at():
    assert len(ALL) > 70
    assert {error.code for error in ALL.values()} == set(all_codes())


@pytest.mark.parametrize("name", ALL)
def test_each_has_a_code_a_status_a_title_and_a_sentence(name: str):
    error = sample(ALL[name])
    owner = error_with(error.code)
    assert re.fullmatch(r"[A-Z]+(_[A-Z]+)+", error.code)
    assert (error.status, error.title) == (owner.status, owner.title)
    assert error.status >= HTTPStatus.BAD_REQUEST
    assert error.title[0].isupper()
    assert not error.title.endswith(".")
    assert is_sentence(error.detail) or "a_name" in error.detail, error.detail


async def test_each_is_answered_by_operations_and_pages(shop: Shop, client: AsyncClient):
    api, pages = APIRouter(route_class=TransactionRoute), APIRouter(route_class=PageRoute)

    @api.get("/refused/{name}")
    async def refuse(name: str) -> None:
        raise sample(ALL[name])

    @pages.get("/shown/{name}")
    async def show(name: str, _: AnyVisitor) -> None:
        raise sample(ALL[name])

    shop.app.router.routes += [*api.routes, *pages.routes]
    for name, raised in ALL.items():
        error = sample(raised)
        problem = await client.get(f"/refused/{name}")
        body = problem.json()
        assert problem.status_code == body["status"] == error.status, name
        assert (body["type"], body["code"]) == (f"/problems/{error.code}", error.code)
        assert (body["title"], body["detail"]) == (error.title, error.detail)
        page = await client.get(f"/shown/{name}")
        no_such_address = (HTTPStatus.NOT_FOUND, "Page not found")  # what pages say of an address that is not valid
        shown = no_such_address if isinstance(error, InvalidRequest) else (error.status, error.title)
        assert page.status_code == shown[0], name
        assert f"<h1>{shown[1]}</h1>" in page.text
        assert error.code not in page.text
        assert page.headers.get("Retry-After") == problem.headers.get("Retry-After")


def test_a_class_that_cannot_be_answered_is_none():
    with pytest.raises(TypeError, match="needs code, status, title"):
        type("Silent", (DomainError,), {"detail": "No."})
    with pytest.raises(TypeError, match="needs title"):
        type("Untitled", (Full,), {"code": "UNTITLED", "status": HTTPStatus.CONFLICT})
    with pytest.raises(TypeError, match="needs status"):
        type("Other", (error_with("BOOK_NOT_FOUND"),), {"code": "OTHER", "title": "Other"})
    with pytest.raises(TypeError, match="only groups others"):
        type("Group", (DomainError,), {"code": "GROUP"}, groups_others=True)
    assert not {"UNTITLED", "OTHER", "GROUP"} & set(all_codes())


def test_a_code_belongs_to_one_class():
    answer = {"code": "BOOK_NOT_FOUND", "status": HTTPStatus.CONFLICT, "title": "Taken"}
    with pytest.raises(TypeError, match="BookNotFound: inherit from it"):
        type("Taken", (DomainError,), answer)
    assert error_with("BOOK_NOT_FOUND").status == HTTPStatus.NOT_FOUND
