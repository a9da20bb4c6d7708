"""All that an application answers to, found by walking its routes, so that no new page can be forgotten."""

import inspect
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.routing import BaseRoute, Route

from app.web.route import PageRoute

_WORD = re.compile(r'"([a-z][a-z_]{0,24})"')
STAFF, READER = frozenset({"get_staff", "admin_user"}), frozenset({"get_reader", "current_user"})


@dataclass(frozen=True)
class Target:
    """One method of one route. `words` are names that its code speaks of, among them those of its parameters."""

    method: str
    path: str
    pattern: re.Pattern[str]
    is_page: bool
    needs: str
    query: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    body: Any = None

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @cached_property
    def parameters(self) -> list[str]:
        """Names of the parts of its path that vary."""
        return re.findall(r"{(\w+)", self.path)


def targets_of(app: FastAPI) -> list[Target]:
    """Every method of every route, in the order of the routes."""
    told = {
        (path, method.upper()): operation
        for path, operations in app.openapi()["paths"].items()
        for method, operation in operations.items()
    }
    return [target for route in app.routes for target in _targets(route, told)]


def _targets(route: BaseRoute, told: dict[tuple[str, str], Any]) -> Iterator[Target]:
    if not isinstance(route, Route):
        raise TypeError(f"{route!r} is of a kind that the fuzz does not know: teach it")
    for method in sorted(set(route.methods or ()) - {"HEAD"}) or ["HEAD"]:
        if not isinstance(route, APIRoute):
            yield Target(method, route.path, route.path_regex, is_page=False, needs="")
            continue
        names, operation = _names(route.dependant), told.get((route.path_format, method), {})
        names["query"] += [given["name"] for given in operation.get("parameters", ()) if given["in"] == "query"]
        yield Target(
            method,
            route.path,
            route.path_regex,
            is_page=isinstance(route, PageRoute),
            needs=_needs(set(_calls(route.dependant))),
            query=tuple(dict.fromkeys(names["query"])),
            headers=tuple(names["header"]),
            words=tuple(_words(sys.modules[route.endpoint.__module__])),
            body=_schema(operation),
        )


def _needs(calls: set[str]) -> str:
    return "staff" if calls & STAFF else "reader" if calls & READER else ""


def _calls(dependant: Dependant) -> Iterator[str]:
    yield getattr(dependant.call, "__name__", "")
    for inner in dependant.dependencies:
        yield from _calls(inner)


def _names(dependant: Dependant) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {"query": [], "header": []}
    for kind, fields in (("query", dependant.query_params), ("header", dependant.header_params)):
        for field in fields:
            model = field.field_info.annotation
            if isinstance(model, type) and issubclass(model, BaseModel):
                found[kind] += list(model.model_fields)
            else:
                found[kind].append(field.alias)
    for inner in dependant.dependencies:
        for kind, names in _names(inner).items():
            found[kind] += names
    return found


def _words(module: Any) -> list[str]:
    """Short words in quotes in the code of the page and its helpers, and the fields of the models it reads."""
    near = {module.__name__}
    words: set[str] = set()
    for thing in vars(module).values():
        if isinstance(thing, type) and issubclass(thing, BaseModel):
            words |= thing.model_fields.keys()
        place = getattr(thing, "__module__", None) or ""
        if place.startswith("app.web.") and place.rpartition(".")[0] == module.__name__.rpartition(".")[0]:
            near.add(place)
    for name in near:
        words |= set(_WORD.findall(inspect.getsource(sys.modules[name])))
    return sorted(words)


def _schema(operation: dict[str, Any]) -> Any:
    content = operation.get("requestBody", {}).get("content", {})
    return content.get("application/json", {}).get("schema")


def example(schema: Any, document: dict[str, Any]) -> Any:
    """A value that fits the schema, as far as its examples go."""
    if "$ref" in schema:
        return example(document["components"]["schemas"][schema["$ref"].rpartition("/")[2]], document)
    given = [schema[key] for key in ("example", "default", "const") if key in schema]
    given += schema.get("examples", [])[:1] + schema.get("enum", [])[:1]
    given += [example(schema[key][0], document) for key in ("anyOf", "oneOf", "allOf") if key in schema]
    return given[0] if given else _plain(schema, document)


def _plain(schema: Any, document: dict[str, Any]) -> Any:
    kind = schema.get("type", "")
    if kind == "object":
        return {name: example(part, document) for name, part in schema.get("properties", {}).items()}
    if kind == "array":
        return [example(schema["items"], document)]
    return {"integer": schema.get("minimum", 1), "number": 1.5, "boolean": True, "null": None}.get(kind, "text")
