"""Pictures of every page to look at: `make screenshots`. The scene is that of the tests; the folder is emptied first."""

import os
import re
import shutil
from pathlib import Path

import pytest

from tests.browser.scene import Scene
from tests.browser.support import DESK, PHONE, Street, Theme
from tests.browser.visits import VISITS, Visit

FOLDER = Path(os.environ["SCREENSHOTS"])
THEMES: tuple[Theme, ...] = ("light", "dark")
EAGER = """Promise.all(Array.from(document.images, image => {
    image.loading = "eager";
    return image.decode();
}))"""
SHOTS = [pytest.param(number, visit, id=visit.name) for number, visit in enumerate(VISITS, 1)]


@pytest.fixture(scope="module", autouse=True)
def folder() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)


@pytest.mark.parametrize(("number", "visit"), SHOTS)
async def test_photograph(street: Street, scene: Scene, number: int, visit: Visit):
    """Named by what one sees, in the order of the visits."""
    page = await street.window(None if visit.who == "guest" else getattr(scene, visit.who))
    await page.goto(visit.path.format(**scene.ids))
    name = re.sub(r"[^a-z0-9]+", "-", f"{number:02} {visit.name}".lower()).strip("-")
    for width in (PHONE, DESK):
        await page.set_viewport_size({"width": width, "height": 900})
        await page.reload()
        await page.evaluate(EAGER)
        for theme in THEMES:
            await page.emulate_media(color_scheme=theme)
            await page.screenshot(path=FOLDER / f"{name}-{width}-{theme}.png", full_page=True)
