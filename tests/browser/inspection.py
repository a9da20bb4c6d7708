"""What must hold for a page however it is looked at."""

import pytest
from axe_playwright_python.base import AXE_SCRIPT, AxeResults
from playwright.async_api import Page

from tests.browser.scene import Scene
from tests.browser.support import DESK, PHONE, Street, Theme
from tests.browser.visits import Visit, Who

# Colours are all that a theme changes; with the light one every rule is looked at, and one that is off by default.
OPTIONS: dict[Theme, dict[str, object]] = {
    "light": {"rules": {"target-size": {"enabled": True}}},
    "dark": {"runOnly": {"type": "rule", "values": ["color-contrast"]}},
}
EVERY_TENTH_OPENED = """parts => {
    document.querySelectorAll(parts).forEach((part, place) => place % 10 && part.remove());
    document.querySelectorAll("details").forEach(details => { details.open = true; });
}"""
TOO_WIDE = "document.scrollingElement.scrollWidth - document.documentElement.clientWidth"


async def violations(page: Page, theme: Theme = "light") -> str:
    """What axe-core says of the page as it stands; empty if nothing. It never answers where scripts are off."""
    await page.emulate_media(color_scheme=theme)
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE_SCRIPT)
    options = {"resultTypes": ["violations"], "preload": False} | OPTIONS[theme]
    found = await page.evaluate("options => axe.run(options).then(({ violations }) => ({ violations }))", options)
    return AxeResults(found).generate_report() if found["violations"] else ""


class Rounds:
    """Walks from page to page, with one window for each who looks: a new one for each page takes longer than the look."""

    def __init__(self, street: Street, scene: Scene) -> None:
        self._street, self._scene = street, scene
        self._windows: dict[Who, Page] = {}

    async def inspect(self, visit: Visit) -> None:
        """Look at it on a phone and on a desk, by day and by night."""
        page = await self._window(visit.who)
        await page.emulate_media(color_scheme="light")
        await page.set_viewport_size({"width": PHONE, "height": 900})
        answer = await page.goto(visit.path.format(**self._scene.ids))
        assert answer
        assert answer.status == visit.status
        assert "Bookstore" in await page.title()
        assert await page.locator("h1").count() == 1
        if visit.repeated:
            for width in (PHONE, DESK):
                await _assert_it_fits(page, width)
            await page.evaluate(EVERY_TENTH_OPENED, visit.repeated)
        for width in (PHONE, DESK):
            await _assert_it_fits(page, width)
            for theme in OPTIONS:
                if report := await violations(page, theme):
                    pytest.fail(f"{theme}, {width} pixels: {report}", pytrace=False)
        self._street.assert_quiet()

    async def _window(self, who: Who) -> Page:
        if who not in self._windows:
            page = await self._street.window(None if who == "guest" else getattr(self._scene, who))
            await page.context.add_init_script(AXE_SCRIPT)
            self._windows[who] = page
        return self._windows[who]


async def _assert_it_fits(page: Page, width: int) -> None:
    await page.set_viewport_size({"width": width, "height": 900})
    assert await page.evaluate(TOO_WIDE) <= 0, f"too wide at {width} pixels"
