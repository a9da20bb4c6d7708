"""What the first visit to a page transfers, and a second one."""

from urllib.parse import urlsplit

import pytest
from playwright.async_api import Page

from tests.browser.scene import Scene
from tests.browser.support import Street

MOST_BYTES = 60_000
AGAIN_BYTES = 20_000


async def transferred(page: Page, path: str) -> dict[str, int]:
    """The bytes on the wire of each address, headers included and covers left out."""
    session = await page.context.new_cdp_session(page)
    addresses: dict[str, str] = {}
    found: dict[str, int] = {}

    def finished(event: dict[str, object]) -> None:
        address = addresses[str(event["requestId"])]
        if not urlsplit(address).path.startswith(("/covers/", "/uploads/")):
            found[address] = found.get(address, 0) + int(str(event["encodedDataLength"]).partition(".")[0])

    session.on(
        "Network.requestWillBeSent", lambda event: addresses.update({event["requestId"]: event["request"]["url"]})
    )
    session.on("Network.loadingFinished", finished)
    await session.send("Network.enable")
    await page.goto(path, wait_until="networkidle")
    await session.detach()
    return found


@pytest.mark.parametrize("path", ["/", "/shop/books/{book_id}", "/shop", "/basket", "/staff"])
async def test_a_page_is_light(street: Street, scene: Scene, path: str):
    """The next page then only needs itself: stylesheet, scripts and drawings are kept."""
    page = await street.window(scene.staff if path == "/staff" else None)
    first = await transferred(page, path.format(**scene.ids))
    assert any(address.endswith("/shop.css") for address in first)
    assert sum(first.values()) < MOST_BYTES, first
    again = await transferred(page, path.format(**scene.ids))
    assert sum(again.values()) < AGAIN_BYTES, again
