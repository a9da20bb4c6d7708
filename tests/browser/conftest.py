"""One running demo shop and one Chromium for all browser tests of a process."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser

from app.core.config import Settings
from tests.browser.inspection import Rounds
from tests.browser.scene import Scene, furnish
from tests.browser.support import Street
from tests.chromium import browser, require_chromium
from tests.processes.support import Premises, own_database, trading
from tests.support import Person

PROVIDERS = {"GOOGLE_CLIENT_ID": "bookstore", "GITHUB_CLIENT_ID": "bookstore"}  # so that their buttons are shown


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    require_chromium()
    async with browser() as chromium:
        yield chromium


@pytest.fixture(scope="session")
async def premises(
    chromium: Browser,
    server_url: str,
    template_url: str,
    settings: Settings,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Premises]:
    """`bookstore serve --demo` with its worker; `premises.shop.app` makes rows in its database without asking it."""
    folder = tmp_path_factory.mktemp("browser")
    at_home = settings.model_copy(update={"bookstore_data": folder})
    async with own_database(server_url) as url, trading(url, at_home, folder, "--demo", **PROVIDERS) as premises:
        yield premises


@pytest.fixture(scope="session")
async def scene(premises: Premises) -> Scene:
    """The same shop after months of trade. Tests that look leave it as it is."""
    return await furnish(premises.shop)


@pytest.fixture
async def street(chromium: Browser, premises: Premises) -> AsyncIterator[Street]:
    """Windows on the shop for a test: no console error, no script that breaks, no fault, no other host."""
    street = Street(chromium, premises, str(premises.shop.client.base_url).rstrip("/"))
    yield street
    await street.close()
    street.assert_quiet()


@pytest.fixture(scope="session")
async def rounds(chromium: Browser, premises: Premises, scene: Scene) -> AsyncIterator[Rounds]:
    """Somebody who looks at page after page."""
    street = Street(chromium, premises, str(premises.shop.client.base_url).rstrip("/"))
    yield Rounds(street, scene)
    await street.close()


@pytest.fixture
async def buyer(premises: Premises) -> Person:
    """A new reader; pass it to `street.window`."""
    return await premises.shop.person()


@pytest.fixture
async def staff(premises: Premises) -> Person:
    """A new member of staff; pass it to `street.window`."""
    return await premises.shop.admin()
