"""A list takes as many statements when it is long as when it is short."""

import pytest
from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from app.orders.best_sellers import BestSellers
from app.web.storefront.sitemap import SiteMap
from benchmarks.lists import LISTS, SHOP_PAGES, addresses, list_operations, pages
from tests.scale.crowd import add, first_of
from tests.statements import statements
from tests.support import Shop
from tests.web.browser import Browser

FEW, MANY = 3, 60
MOST_OF_A_LIST = 5
"""Who asks, the total, the rows, and what hangs on them: at most so many statements."""
MOST_OF_A_PAGE = 17
"""The same for a page: the overview of the staff has several lists, and a visitor has a basket and notices, the shop its settings."""
AS_LONG_AS_EVER = {"/admin/analytics/sales/by-day", "/countries", "/delivery/options"}
GROWING = {f"{path}?{queries[0]}".rstrip("?") for path, queries in LISTS.items() if path not in AS_LONG_AS_EVER}
NOT_LISTS = {
    "/.well-known/security.txt",
    "/assets/{edition}/{name}",
    "/covers/{mark}/{name}.svg",
    "/account/reset",
    "/order/{access_token}",
    "/account/verify",
    "/staff/books/import/{key}",
    "/staff/books/import/{key}/progress",
    "/staff/books/import/{key}/rejected.csv",
    "/staff/export/{name}.csv",
}
"""Files, forms behind a mailed link, the import of one file, and exports, which read in batches as they are sent."""


async def asked(app: FastAPI, connection: AsyncConnection, client: AsyncClient, address: str) -> tuple[Response, int]:
    """The answer, and how many statements it took; what a process remembers is forgotten before."""
    app.state.best_sellers, app.state.site_map = BestSellers(), SiteMap()
    with statements() as seen:
        answer = await client.get(address)
    assert answer.status_code in {200, 303}, answer.text
    return answer, len(seen)


async def test_no_list_of_the_api_is_forgotten():
    assert list_operations() == set(LISTS)


@pytest.mark.parametrize("template", addresses())
async def test_a_list_takes_as_many_statements_however_long_it_is(
    app: FastAPI, connection: AsyncConnection, client: AsyncClient, shop: Shop, template: str
):
    crowd = await first_of(shop)
    client.headers.update(crowd.person.headers)
    await add(shop, crowd, 1, FEW)
    short, few = await asked(app, connection, client, crowd.address(template))
    await add(shop, crowd, FEW + 1, MANY)
    long, many = await asked(app, connection, client, crowd.address(template))
    assert many == few <= MOST_OF_A_LIST
    if template in GROWING:
        assert len(long.content) > 2 * len(short.content), "the list did not grow, so nothing was shown"


@pytest.mark.parametrize("template", sorted({*SHOP_PAGES, *pages()} - NOT_LISTS))
async def test_a_page_takes_as_many_statements_however_much_it_shows(
    app: FastAPI, connection: AsyncConnection, shop: Shop, template: str
):
    crowd = await first_of(shop)
    async with AsyncClient(transport=ASGITransport(app), base_url="http://localhost") as client:
        await Browser(client, shop).sign_in(crowd.person)
        await add(shop, crowd, 1, FEW)
        _, few = await asked(app, connection, client, crowd.address(template))
        await add(shop, crowd, FEW + 1, MANY)
        _, many = await asked(app, connection, client, crowd.address(template))
    assert many == few <= MOST_OF_A_PAGE
