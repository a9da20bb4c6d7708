"""The index of routes finds what trying all of them finds."""

import re

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from httpx2 import ASGITransport, AsyncClient
from starlette.routing import Match
from starlette.types import Scope

from app.core.config import Settings
from app.core.routing import RouteIndex
from app.main import create_app

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


@pytest.fixture(scope="module")
def shop_routes(settings: Settings) -> APIRouter:
    return create_app(settings).router


def paths(router: APIRouter) -> set[str]:
    """Each template as it stands, with numbers and with words in it, one segment longer, and some strangers."""
    templates = {route.path_format for route in router.routes if isinstance(route, APIRoute)}
    filled = {re.sub(r"{[^}]*}", value, template) for template in templates for value in ("7", "seven", "7-a-title")}
    longer = {f"{path}/{end}" for path in filled for end in ("", "more")}
    return filled | longer | {"/", "", "*", "//", "/nothing", "/books//", "/docs", "/openapi.json"}


def first_match(routes: APIRouter, method: str, path: str) -> object:
    scope: Scope = {"type": "http", "method": method, "path": path, "headers": [], "query_string": b""}
    found = [(route, route.matches(scope)[0]) for route in routes.routes]
    full = [route for route, match in found if match is Match.FULL]
    return next(iter(full or [route for route, match in found if match is Match.PARTIAL]), None)


@pytest.mark.parametrize("method", METHODS)
def test_every_path_meets_the_same_route(shop_routes: APIRouter, method: str):
    index = RouteIndex(shop_routes)
    for path in paths(shop_routes):
        group = index.group(path) or shop_routes
        assert first_match(group, method, path) is first_match(shop_routes, method, path), (method, path)


def test_the_paths_of_this_test_meet_every_route(shop_routes: APIRouter):
    """Else the test above would compare nothing with nothing."""
    met = {id(first_match(shop_routes, method, path)) for method in METHODS for path in paths(shop_routes)}
    missed = [route.path for route in shop_routes.routes if isinstance(route, APIRoute) and id(route) not in met]
    assert missed == []


async def test_a_route_that_is_added_later_is_found():
    app = FastAPI()
    app.router.middleware_stack = RouteIndex(app.router)
    app.add_api_route("/late", lambda: "found")
    async with AsyncClient(transport=ASGITransport(app), base_url="http://shop.example") as client:
        assert (await client.get("/late")).json() == "found"


@pytest.mark.parametrize("path", ["/{anything}", "/files/{path:path}"])
async def test_a_path_without_a_shape_is_refused(path: str):
    app = FastAPI()
    app.add_api_route(path, lambda: None)
    with pytest.raises(ValueError, match="fits no shape"):
        RouteIndex(app.router).group("/")
