"""What a client puts into the head of a request costs the shop next to nothing."""

import pytest

from app.core.http_limits import HEADER_BYTES
from tests.hostile.support import ask, others, request, say, status
from tests.processes.support import Premises

QUOTED = '"' + '\\"' * (HEADER_BYTES // 2 - 50) + '"'


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        pytest.param({"Cookie": 'a="' + '\\"' * 64 * 1024 + '"'}, 431, id="cookie of 128 KB"),
        pytest.param({"Cookie": f"a={QUOTED}"}, 200, id="the largest quoted cookie"),
        pytest.param({"Cookie": ";" * (HEADER_BYTES - 10)}, 200, id="nothing but separators"),
        pytest.param({"Cookie": "; ".join(f"c{number}=v" for number in range(1500))}, 200, id="very many cookies"),
        pytest.param({"Content_Type": "multipart/form-data" + ";" * 1_000_000}, 431, id="a million semicolons"),
        pytest.param(
            {"Content_Type": "multipart/form-data; charset=utf-8" + ";" * 16000}, 200, id="the most semicolons"
        ),
        pytest.param({"X_Anything": "a" * 40_000_000}, 431, id="a header of 40 MB"),
        pytest.param({f"X_{number}": "a" for number in range(5000)}, 431, id="5,000 headers"),
        pytest.param({"X_Forwarded_For": "1.2.3.4, " * 1700}, 200, id="forwarded by many"),
        pytest.param(
            {"Accept": "text/html," * 1600, "Accept_Language": "de," * 5000}, 200, id="accepting everything"
        ),
        pytest.param({"If_None_Match": 'W/"' + "a" * 16000}, 200, id="a long tag"),
        pytest.param({"Range": "bytes=" + "0-0," * 4000}, 200, id="very many ranges"),
        pytest.param({"Authorization": "Bearer " + "a." * 8000}, 200, id="a long token"),
    ],
)
async def test_no_head_holds_up_the_shop(premises: Premises, headers: dict[str, str], expected: int):
    """A plain page is asked for with these headers; somebody else's request waits no longer than beside one without."""
    client = premises.shop.client
    await ask(client, "/")
    async with others(client) as beside_plain:
        for _ in range(5):
            assert status(await say(client, request("GET", "/", b""))) == 200
    sent = request("GET", "/", b"", **headers)
    async with others(client) as beside_hostile:
        for _ in range(3):
            assert status(await say(client, sent)) == expected
    assert beside_hostile.longest < 10 * max(beside_plain.longest, 0.05)


async def test_a_quoted_cookie_beside_ours_costs_it_nothing(premises: Premises):
    """Ours is read as ever: the basket of a guest is still there."""
    shop = premises.shop
    book_id = await shop.book(title="Kept in the basket")
    page = await shop.client.get(f"/shop/books/{book_id}")
    token = page.text.partition('name="csrf" value="')[2].partition('"')[0]
    form = {"csrf": token, "book_id": str(book_id), "quantity": "1"}
    added = await shop.client.post("/basket/add", data=form)
    assert added.status_code == 303
    ours = "; ".join(f"{cookie.name}={cookie.value}" for cookie in shop.client.cookies.jar)
    shop.client.cookies.clear()
    basket = await shop.client.get("/basket", headers={"Cookie": f'a={QUOTED[:2000]}"; {ours}; b="x"'})
    assert "Kept in the basket" in basket.text


async def test_a_long_address_is_refused_and_the_longest_search_is_not(premises: Premises):
    client = premises.shop.client
    assert status(await say(client, request("GET", "/shop?q=" + "a" * 9000))) == 431
    assert status(await say(client, request("GET", "/shop?q=" + "a" * 200))) == 200
