"""What the tests of mail share."""

from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI

from app.core.db.transaction import Database
from tests.mail.support import MailServer, mail_server


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    async with mail_server() as server:
        yield server


@pytest.fixture
async def database(live_app: FastAPI) -> Database:
    """A real pool on the database of `raw`."""
    return live_app.state.database
