"""One running server process that hostile requests are sent to; tests that leave it changed start their own."""

from collections.abc import AsyncIterator

import pytest

from app.core.config import Settings
from tests.processes.support import Premises, own_database, trading


@pytest.fixture(scope="package")
async def premises(
    server_url: str, template_url: str, settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Premises]:
    """`bookstore serve --demo` of one process without its mail worker, and without rate limits."""
    folder = tmp_path_factory.mktemp("hostile")
    words = ("--demo", "--no-worker")
    async with own_database(server_url) as url, trading(url, settings, folder, *words) as premises:
        yield premises
