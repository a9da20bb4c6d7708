"""What the tests of jobs share."""

import pytest
from fastapi import FastAPI

from app.core.db.transaction import Database


@pytest.fixture
async def database(live_app: FastAPI) -> Database:
    """A real pool on the database of `raw`."""
    return live_app.state.database
