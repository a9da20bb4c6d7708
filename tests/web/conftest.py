"""A browser without scripts: cookies, forms and redirects, on the rolled-back connection."""

from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient

from tests.support import Shop
from tests.web.browser import Browser


@pytest.fixture
async def browser(app: FastAPI, shop: Shop) -> AsyncIterator[Browser]:
    """A browser that has never been here."""
    async with AsyncClient(transport=ASGITransport(app), base_url="http://localhost") as client:
        yield Browser(client, shop)


@pytest.fixture
async def live_browser(live_app: FastAPI, live: Shop) -> AsyncIterator[Browser]:
    """The same on a database of its own, with real commits."""
    async with AsyncClient(transport=ASGITransport(live_app), base_url="http://localhost") as client:
        yield Browser(client, live)
