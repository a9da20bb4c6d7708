"""The Chromium of this machine, for tests of pages and for pictures; nothing is downloaded for them."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, async_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
NO_CHROMIUM = "there is no Chromium on the PATH (Debian: apt-get install chromium)"


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """A Chromium without windows."""
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield chromium
        await chromium.close()


def require_chromium() -> None:
    """Skip the test where there is none; fail it where BROWSER_TESTS is `required`."""
    if CHROMIUM is None and os.environ.get("BROWSER_TESTS") == "required":
        pytest.fail(NO_CHROMIUM, pytrace=False)
    elif CHROMIUM is None:
        pytest.skip(NO_CHROMIUM)
