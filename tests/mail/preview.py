"""All mails to look at: `python -m tests.mail.preview FOLDER` writes them as HTML and, in Chromium, as pictures.

Pictures that a mail fetches are drawn here; nothing is fetched from anywhere.
"""

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

from playwright.async_api import Browser, Page, Route

from app.mail.mime import as_page
from tests.chromium import CHROMIUM, browser
from tests.mail.samples import SAMPLES, rendered

WIDTHS = (390, 800)
Theme = Literal["light", "dark"]
THEMES: tuple[Theme, ...] = ("light", "dark")
COVER = """<svg xmlns="http://www.w3.org/2000/svg" width="200" height="300"><rect width="200" height="300" fill="#8a3b2c"/>
<rect x="20" y="40" width="160" height="60" fill="#f3e3c3"/></svg>"""


async def _draw(route: Route) -> None:
    await route.fulfill(body=COVER, content_type="image/svg+xml")


@asynccontextmanager
async def shown(chromium: Browser, html: str, width: int, theme: Theme) -> AsyncIterator[Page]:
    """The mail in a window of that width."""
    context = await chromium.new_context(
        viewport={"width": width, "height": 900}, color_scheme=theme, device_scale_factor=2 if width < 500 else 1
    )
    await context.route(re.compile("^https?:"), _draw)
    page = await context.new_page()
    await page.set_content(as_page(html), wait_until="load")
    yield page
    await context.close()


async def photograph(mails: dict[str, str], folder: Path) -> None:
    async with browser() as chromium:
        for name, html in mails.items():
            for width in WIDTHS:
                for theme in THEMES:
                    async with shown(chromium, html, width, theme) as page:
                        await page.screenshot(path=folder / f"{name}-{width}-{theme}.png", full_page=True)


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    mails = {name: rendered(name) for name in SAMPLES}
    for name, mail in mails.items():
        (folder / f"{name}.html").write_text(as_page(mail["html"]), encoding="utf-8")
        (folder / f"{name}.txt").write_text(mail["text"], encoding="utf-8")
    if CHROMIUM:
        asyncio.run(photograph({name: mail["html"] for name, mail in mails.items()}, folder))
    pictures = "" if CHROMIUM else ", without pictures: there is no Chromium on the PATH"
    sys.stdout.write(f"{len(mails)} mails are in {folder}{pictures}.\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
