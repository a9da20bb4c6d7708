"""Where the shop is reached by https, browsers are told to come by nothing else; elsewhere nothing of the kind."""

from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient

from app.core.config import Settings
from app.main import create_app

PATHS = ["/", "/books", "/books/", "/books/0", "/cart", "/nowhere", "/health", "/openapi.json", "/assets/x/shop.css"]


@pytest.fixture
async def encrypted(settings: Settings, app: FastAPI) -> AsyncIterator[AsyncClient]:
    """The shop behind https."""
    behind = create_app(settings.model_copy(update={"public_base_url": "https://books.example"}))
    behind.state.database = app.state.database
    async with AsyncClient(transport=ASGITransport(behind), base_url="https://books.example") as client:
        yield client


@pytest.mark.parametrize("path", PATHS)
async def test_every_answer_says_https_only(encrypted: AsyncClient, path: str):
    answer = await encrypted.get(path)
    assert answer.headers["strict-transport-security"] == "max-age=63072000"
    too_large = await encrypted.post(path, content=b"x" * 2_000_000)
    assert too_large.headers["strict-transport-security"] == "max-age=63072000"


@pytest.mark.parametrize("path", PATHS)
async def test_without_https_nothing_is_said(client: AsyncClient, path: str):
    assert "strict-transport-security" not in (await client.get(path)).headers
