"""The shop of every test here knows the provider of the tests."""

from collections.abc import AsyncIterator, Iterator

import pytest
from fastapi import FastAPI

from tests.oauth.provider import FakeProvider, provider_running
from tests.oauth.support import Clock, point
from tests.support import Shop


@pytest.fixture
def provider() -> Iterator[FakeProvider]:
    with provider_running() as provider:
        yield provider


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def app(app: FastAPI, provider: FakeProvider, clock: Clock) -> AsyncIterator[FastAPI]:
    point(app, provider, clock)
    yield app
    await app.state.oauth.aclose()


@pytest.fixture
async def live(live: Shop, provider: FakeProvider, clock: Clock) -> AsyncIterator[Shop]:
    point(live.app, provider, clock)
    yield live
    await live.app.state.oauth.aclose()
