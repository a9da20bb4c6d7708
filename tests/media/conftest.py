"""Each test has an upload folder of its own."""

from pathlib import Path

import pytest
from fastapi import FastAPI

from app.core.config import Settings
from app.media.service import ImageService
from tests.support import Person, Shop


@pytest.fixture
def roomed(settings: Settings, tmp_path: Path) -> Settings:
    """The settings of a shop whose data folder is this test's."""
    return settings.model_copy(update={"bookstore_data": tmp_path})


@pytest.fixture
def uploads(tmp_path: Path) -> Path:
    """The folder of the images, still empty."""
    path = tmp_path / "uploads"
    path.mkdir(exist_ok=True)
    return path


@pytest.fixture
def app(app: FastAPI, roomed: Settings) -> FastAPI:
    app.state.images = ImageService(roomed)
    return app


@pytest.fixture
def live_app(live_app: FastAPI, roomed: Settings) -> FastAPI:
    live_app.state.images = ImageService(roomed)
    return live_app


@pytest.fixture
async def admin(shop: Shop) -> Person:
    return await shop.admin()
