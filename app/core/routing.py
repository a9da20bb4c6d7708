"""Finding the route of a request among those of its shape, not among all: Starlette tries one after another."""

from collections import defaultdict
from collections.abc import Iterable
from functools import cache, cached_property

from fastapi import APIRouter
from starlette.convertors import IntegerConvertor, PathConvertor
from starlette.routing import BaseRoute, Route, compile_path
from starlette.types import Receive, Scope, Send

Shape = tuple[str, int]
_DIGITS = 20  # more than any column holds, and fewer than Python refuses to read


class RouteIndex:
    """The routes of a router by shape: the first segment of their path, and the number of segments.

    Routes of one shape stay in their order, so the same one answers as without the index. A path of no known shape
    goes to the router as ever, and so does all else that it is asked.
    """

    def __init__(self, router: APIRouter) -> None:
        self._router = router

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        known = scope["type"] == "http" and not scope.get("root_path")
        group = self.group(scope["path"]) if known else None
        scope.setdefault("router", self._router)
        await (group or self._router).app(scope, receive, send)

    def group(self, path: str) -> APIRouter | None:
        """The routes that may answer to the path; None where its shape is unknown."""
        return self._groups.get(_shape(path))

    @cached_property
    def _groups(self) -> dict[Shape, APIRouter]:
        """Made at the first request, when all routes are there."""
        groups: defaultdict[Shape, list[BaseRoute]] = defaultdict(list)
        for route in self._router.routes:
            groups[_shape(_template(route))].append(route)
        default = self._router.default
        return {
            shape: APIRouter(routes=routes, redirect_slashes=False, default=default)
            for shape, routes in groups.items()
        }


class BoundedInteger(IntegerConvertor):
    """A number in a path, as `{name:int}` asks for; one too large to be anything stays too large."""

    def convert(self, value: str) -> int:
        """Never raises: Starlette's own fails where a number is longer than Python reads."""
        return int(value.lstrip("0")[:_DIGITS] or "0")


def bound_numbers(routes: Iterable[BaseRoute]) -> None:
    """Have these routes read the numbers in their paths so."""
    for route in routes:
        if isinstance(route, Route):
            for name, convertor in route.param_convertors.items():
                if isinstance(convertor, IntegerConvertor):
                    route.param_convertors[name] = BoundedInteger()


def _shape(path: str) -> Shape:
    return path[1:].partition("/")[0], path.count("/")


def _template(route: BaseRoute) -> str:
    """The path of a route; the index has no place for one whose first segment, or number of segments, varies."""
    path: str = getattr(route, "path", "{}")
    if _varies(path):
        raise ValueError(f"{path!r} fits no shape of RouteIndex")
    return path


@cache
def _varies(path: str) -> bool:
    """Remembered: all applications of a process have the same paths."""
    return "{" in _shape(path)[0] or any(isinstance(kind, PathConvertor) for kind in compile_path(path)[2].values())
