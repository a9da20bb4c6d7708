"""The OpenAPI document: problem answers declared where they can occur."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from app.core.problems import MEDIA_TYPE, PROBLEMS

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
FRAMEWORK = {"HTTP_400": (400, "Bad Request"), "HTTP_401": (401, "Unauthorized")}


def problems(*codes: str) -> dict[int | str, dict[str, Any]]:
    """The `responses` of an operation that can answer with these codes."""
    by_status: dict[int | str, dict[str, Any]] = {}
    for code in codes:
        status, title = FRAMEWORK.get(code) or PROBLEMS[code]
        answer = by_status.setdefault(status, _answer())
        answer["description"] = f"{answer['description']}, `{code}`".removeprefix(", ")
        answer["content"][MEDIA_TYPE]["examples"][code] = {"value": _example(code, status, title)}
    return by_status


def _answer() -> dict[str, Any]:
    content = {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": {}}
    return {"description": "", "content": {MEDIA_TYPE: content}}


def _example(code: str, status: int, title: str) -> dict[str, object]:
    kind = "about:blank" if code in FRAMEWORK else f"/problems/{code}"
    return {"type": kind, "title": title, "status": status, "code": code, "detail": f"{title}."}


def install(app: FastAPI) -> None:
    """Give the app a document in which every operation also lists the answers that all of their kind share."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _complete(app)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def _complete(app: FastAPI) -> dict[str, Any]:
    schema = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    components = schema.setdefault("components", {}).setdefault("schemas", {})
    components["Problem"] = PROBLEM_SCHEMA
    for unused in ("HTTPValidationError", "ValidationError"):
        components.pop(unused, None)
    for path in schema["paths"].values():
        for operation in path.values():
            _add_shared_answers(operation)
    return schema


def _add_shared_answers(operation: dict[str, Any]) -> None:
    codes = ["VALIDATION_ERROR", "BUSY_TRY_AGAIN", "INTERNAL_ERROR"]
    if "requestBody" in operation:
        codes += ["HTTP_400", "BODY_TOO_LARGE"]
    if "security" in operation:
        codes += [
            "HTTP_401",
            "AUTH_TOKEN_INVALID",
            "AUTH_TOKEN_EXPIRED",
            "AUTH_ACCOUNT_DEACTIVATED",
            "AUTH_FORBIDDEN",
        ]
    answers = operation["responses"]
    if "HTTPValidationError" in str(answers.get("422", "")):
        del answers["422"]
    for status, shared in problems(*codes).items():
        own = answers.setdefault(str(status), shared)
        if own is not shared:
            own["description"] += f", {shared['description']}"
            own["content"][MEDIA_TYPE]["examples"] |= shared["content"][MEDIA_TYPE]["examples"]
