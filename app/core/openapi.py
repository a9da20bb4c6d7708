"""The OpenAPI document: problem answers declared where they can occur."""

from typing import Annotated, Any

from fastapi import FastAPI, Query
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel

from app.core.errors import DomainError, error_with
from app.core.problems import MEDIA_TYPE

PROBLEM_SCHEMA = {
    "type": "object",
    "title": "Problem",
    "description": "RFC 9457 problem document.",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string", "examples": ["/problems/CART_ITEM_DUPLICATE"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "field": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["loc", "msg", "type"],
                "properties": {
                    "loc": {"type": "array", "items": {"type": ["string", "integer"]}},
                    "msg": {"type": "string"},
                    "type": {"type": "string"},
                },
            },
        },
    },
}
HEADERS = {
    401: ("WWW-Authenticate", {"type": "string", "const": "Bearer"}),
    429: ("Retry-After", {"type": "integer", "description": "Seconds"}),
    503: ("Retry-After", {"type": "integer", "description": "Seconds"}),
}
FRAMEWORK: dict[str, tuple[int, str]] = {
    "HTTP_400": (400, "Bad Request"),
    "HTTP_401": (401, "Unauthorized"),
    "HTTP_404": (404, "Not Found"),
    "HTTP_415": (415, "Unsupported Media Type"),
    "HTTP_431": (431, "Request Header Fields Too Large"),
}


def query_parameters(model: type[BaseModel]) -> list[dict[str, Any]]:
    """The parameters of an operation that reads its query by itself, as FastAPI would tell of them."""
    told = FastAPI()

    async def ask(_: Annotated[model, Query()]) -> None:  # type: ignore[valid-type]
        """Is never called."""

    told.add_api_route("/", ask)
    parameters: list[dict[str, Any]] = told.openapi()["paths"]["/"]["get"]["parameters"]
    return parameters


def problems(*said: str | type[DomainError]) -> dict[int | str, dict[str, Any]]:
    """The `responses` of an operation that can answer with these codes, or with what these classes say."""
    by_status: dict[int | str, dict[str, Any]] = {}
    for one in said:
        code, refusal = _refusal(one)
        status, title = (int(refusal.status), refusal.title) if refusal else FRAMEWORK[code]
        answer = by_status.setdefault(status, _answer(status))
        answer["description"] = f"{answer['description']}, `{code}`".removeprefix(", ")
        answer["content"][MEDIA_TYPE]["examples"][code] = {"value": _example(code, status, title, refusal)}
    return by_status


def _refusal(said: str | type[DomainError]) -> tuple[str, type[DomainError] | None]:
    """The code and its class; what HTTP itself refuses has none."""
    if not isinstance(said, str):
        return said.code, said
    return said, None if said in FRAMEWORK else error_with(said)


def _answer(status: int) -> dict[str, Any]:
    content = {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": {}}
    answer: dict[str, Any] = {"description": "", "content": {MEDIA_TYPE: content}}
    if status in HEADERS:
        name, schema = HEADERS[status]
        answer["headers"] = {name: {"schema": schema}}
    return answer


def _example(code: str, status: int, title: str, refusal: type[DomainError] | None) -> dict[str, object]:
    kind = f"/problems/{code}" if refusal else "about:blank"
    example = {"type": kind, "title": title, "status": status, "code": code}
    example["detail"] = getattr(refusal, "detail", None) or f"{title}."
    if field := getattr(refusal, "field", None):
        example["field"] = field
    if code == "VALIDATION_ERROR":
        example["detail"] = "quantity: Field required"
        example["errors"] = [{"loc": ["body", "quantity"], "msg": "Field required", "type": "missing"}]
    return example


def install(app: FastAPI) -> None:
    """Give the app a document in which every operation also lists the answers that all of their kind share.

    Raises:
        ValueError: two operations have one name.
    """

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _complete(app)
        return app.openapi_schema

    _name_operations(app)
    app.openapi = document  # type: ignore[method-assign]


def _complete(app: FastAPI) -> dict[str, Any]:
    schema = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    components = schema.setdefault("components", {}).setdefault("schemas", {})
    components["Problem"] = PROBLEM_SCHEMA
    for unused in ("HTTPValidationError", "ValidationError"):
        components.pop(unused, None)
    staff = {(path, method.lower()) for path, method in _staff_operations(app)}
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            _add_shared_answers(operation, for_staff=(path, method) in staff)
    return schema


def _staff_operations(app: FastAPI) -> list[tuple[str, str]]:
    """Path and method of the operations that ask for an administrator."""
    routes = [route for route in app.routes if isinstance(route, APIRoute) and _asks_for_staff(route.dependant)]
    return [(route.path_format, method) for route in routes for method in route.methods or ()]


def _asks_for_staff(dependant: Dependant) -> bool:
    name = getattr(dependant.call, "__name__", "")
    return name == "admin_user" or any(_asks_for_staff(inner) for inner in dependant.dependencies)


def _add_shared_answers(operation: dict[str, Any], *, for_staff: bool) -> None:
    codes = ["VALIDATION_ERROR", "BODY_TOO_LARGE", "HTTP_431", "INTERNAL_ERROR"]
    if "health" not in operation.get("tags", ()):
        codes.append("BUSY_TRY_AGAIN")
    if "requestBody" in operation:
        codes += ["HTTP_400", "HTTP_415"]
    if "security" in operation:
        codes += ["HTTP_401", "AUTH_TOKEN_INVALID", "AUTH_TOKEN_EXPIRED", "AUTH_ACCOUNT_DEACTIVATED"]
    if for_staff:
        codes.append("AUTH_FORBIDDEN")
    answers = operation["responses"]
    if "HTTPValidationError" in str(answers.get("422", "")):
        del answers["422"]
    for status, shared in problems(*codes).items():
        own = answers.setdefault(str(status), shared)
        if own is not shared:
            own["description"] += f", {shared['description']}"
            own["content"][MEDIA_TYPE]["examples"] |= shared["content"][MEDIA_TYPE]["examples"]


def _name_operations(app: FastAPI) -> None:
    """Give each operation of the document the name of its function as its id: generated clients name their calls so.

    Raises:
        ValueError: two operations have one name.
    """
    paths: dict[str, str] = {}
    for route in app.routes:
        if isinstance(route, APIRoute) and route.include_in_schema:
            if route.name in paths:
                raise ValueError(f"{route.name} names both {paths[route.name]} and {route.path}")
            paths[route.name] = route.path
            route.operation_id = route.name
