"""What Lighthouse says of the pages that most people see: `make lighthouse`.

Not among the tests, for it needs Node and the network to fetch Lighthouse, and its figure for speed depends on how busy
the machine is. It lends Chromium a slow phone on a slow network and says how a page does there, each of 100.
"""

import asyncio
import json
import os
import shutil
import sys
from pathlib import Path

import pytest
from httpx2 import AsyncClient

from app.web.cookies import GUEST
from tests.browser.scene import Scene
from tests.chromium import CHROMIUM
from tests.processes.support import Premises
from tests.web.browser import Browser

LIMITS = {"performance": 95, "accessibility": 100, "best-practices": 100, "seo": 100}
PAGES = {"home": "/", "shop": "/shop", "book": "/shop/books/{book_id}", "basket": "/basket"}


async def basket_of_a_guest(premises: Premises, book: int) -> str:
    """The cookie of somebody who put a book into the basket."""
    async with AsyncClient(base_url=premises.shop.client.base_url) as client:
        browser = Browser(client, premises.shop)
        await browser.open(f"/shop/books/{book}")
        await browser.send("/basket/add")
        return f"{GUEST}={client.cookies[GUEST]}"


async def audit(url: str, cookie: str, report: Path) -> dict[str, int]:
    """The scores of a page; what it loses points for is in the report."""
    words = [
        *("npx", "--yes", "lighthouse@12", url, "--quiet", f"--only-categories={','.join(LIMITS)}"),
        *("--output=json", "--output=html", f"--output-path={report}"),
        f"--extra-headers={json.dumps({'Cookie': cookie})}",
        "--chrome-flags=--headless=new --no-sandbox --disable-gpu",
    ]
    environment = os.environ | {"CHROME_PATH": str(CHROMIUM)}
    process = await asyncio.create_subprocess_exec(*words, env=environment, stderr=asyncio.subprocess.PIPE)
    _, told = await process.communicate()
    assert process.returncode == 0, told.decode()
    found = json.loads(report.with_suffix(".report.json").read_text(encoding="utf-8"))
    return {name: round(100 * found["categories"][name]["score"]) for name in LIMITS}


@pytest.mark.timeout(600)
async def test_pages_score(premises: Premises, scene: Scene, capsys: pytest.CaptureFixture[str]):
    if not shutil.which("npx"):
        pytest.fail("Lighthouse needs Node with npx on the PATH (Debian: apt-get install npm).", pytrace=False)
    folder = Path(os.environ["LIGHTHOUSE"])
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    cookie = await basket_of_a_guest(premises, scene.ids["book_id"])
    base = str(premises.shop.client.base_url).rstrip("/")
    short = []
    for name, path in PAGES.items():
        scores = await audit(base + path.format(**scene.ids), cookie, folder / name)
        with capsys.disabled():
            sys.stdout.write(f"{name:8}{'  '.join(f'{title} {score}' for title, score in scores.items())}\n")
        short += [f"{name}: {title}" for title, score in scores.items() if score < LIMITS[title]]
    assert short == [], f"less than {LIMITS}; what costs points stands in {folder}"
