"""Where there is no page: a page for browsers, the problem document for every other client."""

import pytest

from tests.support import assert_problem
from tests.web.browser import Browser

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.mark.parametrize("path", ["/nowhere", "/account/nowhere", "/shop/books/1/2/3", "/nowhere%00", "/nowhere/"])
async def test_a_browser_gets_a_page_with_the_frame(browser: Browser, path: str):
    await browser.reader(display_name="Ann")
    answer = await browser.client.get(path, headers=BROWSER)
    assert answer.status_code == 404
    assert "<h1>Page not found</h1>" in answer.text
    assert ": Ann" in answer.text or "%00" in path
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.headers["vary"].startswith("Accept,") or "%00" in path


@pytest.mark.parametrize("accept", ["*/*", "application/json", ""])
async def test_other_clients_get_the_problem(browser: Browser, accept: str):
    assert_problem(await browser.client.get("/nowhere", headers={"Accept": accept}), 404, "HTTP_404")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_only_who_follows_an_address_gets_a_page(browser: Browser, method: str):
    assert_problem(await browser.client.request(method, "/nowhere", headers=BROWSER), 404, "HTTP_404")


async def test_the_operations_answer_browsers_as_they_do_everybody(browser: Browser):
    assert_problem(await browser.client.get("/books/999999", headers=BROWSER), 404, "BOOK_NOT_FOUND", "book_id")
    assert_problem(await browser.client.get("/auth/login", headers=BROWSER), 405, "HTTP_405")
    assert_problem(await browser.client.get("/orders", headers=BROWSER), 401, "HTTP_401")


async def test_the_address_of_a_form_is_no_page(browser: Browser):
    answer = await browser.client.get("/basket/add", headers=BROWSER)
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"
    assert "Go back to the page with the form" in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert_problem(await browser.client.get("/basket/add"), 405, "HTTP_405")


async def test_an_address_with_a_slash_too_many_leads_to_the_page(browser: Browser):
    answer = await browser.client.get("/shop/", headers=BROWSER)
    assert (answer.status_code, answer.headers["location"]) == (307, "/shop")


async def test_a_form_that_is_too_large_is_answered_by_a_page(browser: Browser):
    sent = {"reason": "x" * browser.shop.app.state.settings.max_body_bytes}
    answer = await browser.client.post("/staff/stock/1/set", data=sent, headers=BROWSER)
    assert answer.status_code == 413
    assert "<h1>That is too much</h1>" in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.headers["cache-control"] == "no-store"


async def test_other_clients_and_operations_get_the_problem_of_what_is_too_large(browser: Browser):
    sent = {"reason": "x" * browser.shop.app.state.settings.max_body_bytes}
    assert_problem(await browser.client.post("/staff/stock/1/set", data=sent), 413, "BODY_TOO_LARGE")
    assert_problem(await browser.client.post("/auth/login", data=sent, headers=BROWSER), 413, "BODY_TOO_LARGE")
