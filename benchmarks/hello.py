"""The shop, served as `bookstore serve` serves it, with one bare route more: what a request costs at least."""

import sys

from fastapi import FastAPI

from app.cli import serving
from app.core.config import load_settings
from app.main import create_app

PATH = "/bench/hello"


def create_app_with_hello() -> FastAPI:
    """The bare route is the first to be matched, and goes through the same middleware."""
    app = create_app()
    app.add_api_route(PATH, hello)
    app.router.routes.insert(0, app.router.routes.pop())
    return app


async def hello() -> dict[str, str]:
    return {"hello": "world"}


if __name__ == "__main__":
    serving.serve("benchmarks.hello:create_app_with_hello", load_settings(), "127.0.0.1", *map(int, sys.argv[1:3]))
