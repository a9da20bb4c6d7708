"""The OpenAPI document tells the truth about every operation."""

import re
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from httpx2 import AsyncClient
from pydantic import BaseModel

from app.core.config import Settings
from app.core.openapi import install
from app.main import create_app


@pytest.fixture(scope="module")
def document(settings: Settings) -> dict[str, Any]:
    return create_app(settings).openapi()


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path}": operation
        for path, verbs in document["paths"].items()
        for method, operation in verbs.items()
    }


def codes(operation: dict[str, Any], status: str) -> set[str]:
    return set(
        operation["responses"].get(status, {"content": {"application/problem+json": {"examples": {}}}})["content"][
            "application/problem+json"
        ]["examples"]
    )


def test_every_operation_has_a_summary_a_description_and_error_answers(document: dict[str, Any]):
    for name, operation in operations(document).items():
        assert operation["summary"], name
        assert operation["description"], name
        assert {"422", "500"} <= set(operation["responses"]), name
        assert "HTTPValidationError" not in str(operation), name


def test_operations_are_named_by_their_functions(document: dict[str, Any]):
    """Seen to fail with the names that FastAPI makes of function, path and method."""
    ids = {name: operation["operationId"] for name, operation in operations(document).items()}
    assert ids["POST /auth/login"] == "login"
    assert ids["GET /books"] == "list_books"
    assert len(set(ids.values())) == len(ids)
    assert not [name for name in ids.values() if not re.fullmatch("[a-z]+(_[a-z]+){0,3}", name)]


def test_two_operations_of_one_name_are_refused_at_the_start():
    app = FastAPI()

    def list_things() -> None:
        """Is never called."""

    app.add_api_route("/things", list_things)
    app.add_api_route("/pages/things", list_things, include_in_schema=False)
    install(app)
    app.add_api_route("/staff/things", list_things)
    with pytest.raises(ValueError, match="list_things names both /things and /staff/things"):
        install(app)


def test_only_what_asks_for_staff_may_answer_forbidden(document: dict[str, Any]):
    named = operations(document)
    assert "AUTH_FORBIDDEN" in codes(named["GET /admin/orders"], "403")
    assert "AUTH_FORBIDDEN" in codes(named["POST /books"], "403")
    assert "AUTH_FORBIDDEN" not in codes(named["GET /cart"], "403")
    assert "AUTH_FORBIDDEN" not in codes(named["GET /auth/me"], "403")


def test_examples_of_refusals_say_what_the_shop_says(document: dict[str, Any]):
    login = operations(document)["POST /auth/login"]["responses"]
    refused = login["401"]["content"]["application/problem+json"]["examples"]["AUTH_INVALID_CREDENTIALS"]["value"]
    assert refused["detail"] == "Invalid email or password"
    closed = login["403"]["content"]["application/problem+json"]["examples"]["AUTH_ACCOUNT_DEACTIVATED"]["value"]
    assert closed["detail"] == "Account deactivated. Contact support."
    cart = operations(document)["POST /cart/items"]["responses"]
    assert (
        cart["404"]["content"]["application/problem+json"]["examples"]["BOOK_NOT_FOUND"]["value"]["field"]
        == "book_id"
    )


def test_an_operation_can_name_the_class_that_refuses(document: dict[str, Any]):
    """Of two classes with one code the one that the operation raises is shown."""
    for path, field in (("/orders/{order_id}/cancel", None), ("/books/{book_id}/stock/adjustments", "delta")):
        answers = operations(document)[f"POST {path}"]["responses"]
        example = answers["409"]["content"]["application/problem+json"]["examples"]["STOCK_OUT_OF_RANGE"]["value"]
        assert example.get("field") == field


def test_headers_are_declared(document: dict[str, Any]):
    named = operations(document)
    assert "Link" in named["GET /books"]["responses"]["200"]["headers"]
    assert {"Link", "X-Total-Count"} <= set(named["GET /orders"]["responses"]["200"]["headers"])
    assert "Idempotent-Replayed" in named["POST /orders/checkout"]["responses"]["201"]["headers"]
    assert "Retry-After" in named["POST /auth/login"]["responses"]["429"]["headers"]
    assert "WWW-Authenticate" in named["GET /cart"]["responses"]["401"]["headers"]


def _bodies(app: FastAPI) -> list[type[BaseModel]]:
    fields = [route.body_field for route in app.routes if isinstance(route, APIRoute) and route.body_field]
    return [field.field_info.annotation for field in fields]  # type: ignore[misc]


def test_every_example_of_a_body_is_valid(settings: Settings):
    """Seen to fail with a wrong check digit in the example of an ISBN."""
    models = _bodies(create_app(settings))
    assert len(models) > 10
    for model in models:
        example = {name: field.examples[0] for name, field in model.model_fields.items() if field.examples}
        model.model_validate(example)


async def test_the_framework_serves_document_and_pages(client: AsyncClient):
    for path in ("/openapi.json", "/docs", "/redoc"):
        assert (await client.get(path)).status_code == 200
