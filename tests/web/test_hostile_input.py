"""Addresses, headers, cookies and forms that are not as they should be get an answer, never a 5xx."""

from typing import Any

import pytest
from fastapi import Request

from app.web import cookies
from tests.web.browser import Browser, forms

BROKEN = ["//[", "http://[", "//[::1", "/\\evil.example", "//evil.example", "https://evil.example/", "/a\nb", "x", ""]


def signed(browser: Browser, name: str, content: Any) -> str:
    """A cookie that the shop wrote, in another shape than it has now."""
    request = Request({"type": "http", "app": browser.shop.app, "headers": []})
    return str(cookies._signer(request, name).dumps(content))


@pytest.mark.parametrize("goal", BROKEN)
async def test_a_goal_that_is_none_leads_to_the_account(browser: Browser, goal: str):
    """Seen to fail with `urlsplit`, which raises where an address ends in the middle of an IPv6 host."""
    for page in ("/account/sign-in", "/account/register"):
        answer = await browser.client.get(page, params={"next": goal})
        assert answer.status_code == 200
        assert 'name="next" value="/account"' in answer.text
    await browser.reader()
    answer = await browser.client.get("/account/sign-in", params={"next": goal})
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")


@pytest.mark.parametrize(
    "origin", ["http://[", "http://]", "//[", "null", "x", "http://localhost.evil.example", "://"]
)
async def test_a_form_of_an_origin_that_is_none_of_ours_is_refused(browser: Browser, origin: str):
    await browser.open("/account/sign-in")
    form = forms(browser.page.text)[-1]
    answer = await browser.client.post("/basket/add", data=form.fields, headers={"Origin": origin})
    assert answer.status_code == 403
    assert "another site" in answer.text
    same = await browser.client.post("/basket/add", data=form.fields, headers={"Origin": "http://localhost"})
    assert same.status_code == 303


@pytest.mark.parametrize("referer", ["http://[", "//[", "http://[::1", "x:/\\", "http://localhost/shop?a=b"])
async def test_a_guest_whose_page_cannot_be_told_is_asked_to_sign_in(browser: Browser, referer: str):
    await browser.open("/account/sign-in")
    form = forms(browser.page.text)[-1]
    answer = await browser.client.post("/shop/books/1/wish", data=form.fields, headers={"Referer": referer})
    goal = "/shop" if "shop" in referer else "/%5C" if "\\" in referer else "/account"
    assert (answer.status_code, answer.headers["location"]) == (303, f"/account/sign-in?next={goal}")


@pytest.mark.parametrize("host", ["[", "a b", "]", "[::1", "a/b", "a?b", "@", "a:99999", "", "\xff"])
async def test_pages_stand_whatever_the_request_calls_their_host(browser: Browser, host: str):
    for page in ("/", "/shop", "/account", "/checkout"):
        answer = await browser.client.get(page, headers={b"Host": host.encode("latin-1")})
        assert answer.status_code in {200, 303}
        assert answer.headers.get("location", "/").startswith("/")


@pytest.mark.parametrize(
    "content",
    [
        *(None, [], {}, "x", 1, [[]], {"id": 1, "basket": [], "seen": []}, {"id": "x", "basket": [], "seen": []}),
        *(
            {"id": "0" * 32},
            {"id": "0" * 32, "basket": {}, "seen": []},
            {"id": "0" * 32, "basket": [[1]], "seen": []},
        ),
        {"id": "0" * 32, "basket": [[1, 0]], "seen": []},
        {"id": "0" * 32, "basket": [[1, 2**31]], "seen": []},
        {"id": "0" * 32, "basket": [[2**31, 1]], "seen": []},
        {"id": "0" * 32, "basket": [[1, 1, 1]], "seen": []},
        {"id": "0" * 32, "basket": [[[1], 1]], "seen": []},
        {"id": "0" * 32, "basket": [], "seen": [[1, "NaN"]]},
        {"id": "0" * 32, "basket": [], "seen": [[1, "1e999999999"]]},
        {"id": "0" * 32, "basket": [], "seen": [[1, None]]},
    ],
)
async def test_the_cookie_of_a_guest_in_another_shape_is_no_cookie(browser: Browser, content: Any):
    """Seen to fail with the shape taken on trust, which a release of another shape would have broken."""
    await browser.shop.book()
    value = signed(browser, cookies.GUEST, content)
    for page in ("/", "/basket", "/shop", "/nowhere"):
        answer = await browser.client.get(page, headers={"Cookie": f"{cookies.GUEST}={value}", "Accept": "text/html"})
        assert answer.status_code == (404 if page == "/nowhere" else 200)
        assert answer.cookies[cookies.GUEST] != value


@pytest.mark.parametrize(
    "content", [1, "x", {}, [1], [[]], [["text"]], [["text", "shrill"]], [[1, "good"]], [[None, None]]]
)
async def test_a_word_in_another_shape_is_not_said(browser: Browser, content: Any):
    value = signed(browser, cookies.FLASH, content)
    assert (await browser.client.get("/shop", headers={"Cookie": f"{cookies.FLASH}={value}"})).status_code == 200


async def test_a_word_and_a_basket_in_the_right_shape_are_kept(browser: Browser):
    book = await browser.shop.book(title="Mort")
    guest = signed(browser, cookies.GUEST, {"id": "0" * 32, "basket": [[book, 3]], "seen": [[book, "12.00"]]})
    word = signed(browser, cookies.FLASH, [["Hear, hear.", "good"]])
    answer = await browser.client.get(
        "/basket", headers={"Cookie": f"{cookies.GUEST}={guest}; {cookies.FLASH}={word}"}
    )
    for said in ("Mort", "Hear, hear.", "12.00"):
        assert said in answer.text


@pytest.mark.parametrize("number", ["9" * 4301, "9" * 11, "2147483648", "0" * 5000 + "1"])
async def test_numbers_in_paths_may_have_any_length(browser: Browser, number: str):
    """Seen to fail with Starlette's own reading of `{id:int}`: Python refuses numbers of more than 4300 digits."""
    book = await browser.shop.book()
    await browser.staff()
    for path in ("/staff/books/{}", "/staff/books/{}/delete", "/staff/stock/{}", "/staff/books/genres/{}"):
        assert (await browser.client.get(path.format(number))).status_code in {404, 422}
    assert (await browser.client.get(f"/staff/books/{'0' * 5000}{book}")).status_code == 200
