"""The OpenAPI document as a page shows it: operations by subject, then the schemas they speak of."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from markupsafe import Markup, escape

from app.core.problems import MEDIA_TYPE as PROBLEM
from app.web.reference.kinds import Components, Schema, example, kind, notes, resolved

Who = Literal["everybody", "accounts", "staff"]
_CODE = re.compile("`([^`]+)`")


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter, or a key of an object; `place` is path, query, header or cookie, empty for keys."""

    name: str
    kind: Markup
    required: bool
    text: Markup
    notes: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class Content:
    """A body. `example` is JSON, empty where it is none."""

    media_type: str
    kind: Markup
    fields: list[Field]
    example: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What comes back when all is well."""

    status: str
    text: Markup
    headers: list[Field]
    content: Content | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A problem that may come back."""

    status: str
    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path; `anchor` is its place on the page."""

    anchor: str
    method: str
    path: str
    summary: str
    text: Markup
    who: Who
    parameters: list[Field]
    body: Content | None
    answers: list[Answer]
    refusals: list[Refusal]


@dataclass(frozen=True, slots=True)
class Subject:
    """The operations of a tag."""

    name: str
    operations: list[Operation]


@dataclass(frozen=True, slots=True)
class Described:
    """A schema that has a name."""

    name: str
    kind: Markup
    text: Markup
    fields: list[Field]


def subjects(document: Mapping[str, Any]) -> list[Subject]:
    """All operations, each under its first tag, in the order of the document."""
    found: dict[str, list[Operation]] = {}
    for path, verbs in document["paths"].items():
        for method, operation in verbs.items():
            name = operation.get("tags", ["other"])[0]
            components = document["components"]["schemas"]
            found.setdefault(name, []).append(_operation(method.upper(), path, operation, components))
    return [Subject(name, operations) for name, operations in found.items()]


def described(document: Mapping[str, Any]) -> list[Described]:
    """All schemas by name."""
    return [
        Described(name, kind(schema), prose(schema.get("description", "")), _fields(schema))
        for name, schema in sorted(document["components"]["schemas"].items())
    ]


def prose(text: str) -> Markup:
    """Paragraphs, with what stands in backticks as code."""
    parts = (" ".join(part.split()) for part in text.strip().split("\n\n"))
    return Markup("").join(Markup("<p>{}</p>").format(_inline(part)) for part in parts if part)


def _inline(text: str) -> Markup:
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped before


def _operation(method: str, path: str, operation: Mapping[str, Any], components: Components) -> Operation:
    answers = operation["responses"]
    return Operation(
        anchor=f"{method.lower()}-{re.sub('[^a-z0-9_]+', '-', path.lower()).strip('-')}",
        method=method,
        path=path,
        summary=operation.get("summary", ""),
        text=prose(operation.get("description", "")),
        who=_who(operation),
        parameters=[_parameter(parameter) for parameter in operation.get("parameters", ())],
        body=_content(operation.get("requestBody", {}), components, in_full=True),
        answers=[_answer(status, answer, components) for status, answer in answers.items() if not _refuses(answer)],
        refusals=[found for status in sorted(answers) for found in _refusals(status, answers[status])],
    )


def _who(operation: Mapping[str, Any]) -> Who:
    if "security" not in operation:
        return "everybody"
    return "staff" if "AUTH_FORBIDDEN" in operation["responses"].get("403", {}).get("description", "") else "accounts"


def _parameter(given: Schema) -> Field:
    schema = given.get("schema", {})
    text = _inline(given.get("description", ""))
    return Field(given["name"], kind(schema), given.get("required", False), text, notes(schema), given["in"])


def _fields(schema: Schema) -> list[Field]:
    required = schema.get("required", ())
    return [
        Field(name, kind(inner), name in required, _inline(inner.get("description", "")), notes(inner))
        for name, inner in schema.get("properties", {}).items()
    ]


def _content(holder: Mapping[str, Any], components: Components, *, in_full: bool = False) -> Content | None:
    """The first kind of body. A schema that has no name is told where it stands; `in_full`, every one."""
    for media_type, content in holder.get("content", {}).items():
        schema = content.get("schema", {})
        is_json = "json" in media_type and bool(schema)
        shown = json.dumps(example(schema, components), indent=2, ensure_ascii=False) if is_json else ""
        told = resolved(schema, components) if in_full else schema
        return Content(media_type, kind(schema) if schema else Markup(""), _fields(told), shown)
    return None


def _answer(status: str, given: Mapping[str, Any], components: Components) -> Answer:
    headers = [
        Field(name, kind(header.get("schema", {})), False, _inline(header.get("description", "")), "")
        for name, header in given.get("headers", {}).items()
    ]
    return Answer(status, _inline(given.get("description", "")), headers, _content(given, components))


def _refuses(answer: Mapping[str, Any]) -> bool:
    return PROBLEM in answer.get("content", {})


def _refusals(status: str, answer: Mapping[str, Any]) -> list[Refusal]:
    given = answer.get("content", {}).get(PROBLEM, {}).get("examples", {})
    return [Refusal(status, code, str(told["value"]["detail"])) for code, told in given.items()]
