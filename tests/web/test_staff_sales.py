"""Sales and exports on pages."""

from datetime import timedelta

from tests.web.browser import Browser
from tests.web.test_staff_overview import sell


async def test_days_totals_and_best_sellers_are_of_the_chosen_span(browser: Browser):
    now = await browser.shop.scalar("SELECT now()")
    buyer = await browser.shop.person()
    await sell(browser, buyer, "20.00", at=now, title="New")
    await sell(browser, buyer, "50.00", at=now - timedelta(days=20), title="Old")
    await browser.staff()
    await browser.open("/staff/sales?days=7")
    assert "Revenue $20.00" in browser.text
    assert "Old" not in browser.text
    assert browser.page.text.count('<rect class="bar"') == 7
    assert browser.page.text.count('<th scope="row">') == 7
    await browser.open("/staff/sales")
    assert "Revenue $70.00" in browser.text
    assert browser.text.index("Old An Author") < browser.text.index("New An Author")
    assert browser.page.text.count('<rect class="bar"') == 30


async def test_best_sellers_by_copies(browser: Browser):
    now = await browser.shop.scalar("SELECT now()")
    buyer = await browser.shop.person()
    await sell(browser, buyer, "50.00", at=now, title="Dear")
    cheap = await browser.shop.book(title="Cheap")
    await browser.shop.add_to_cart(buyer, cheap, 3)
    assert (await browser.shop.checkout(buyer)).status_code == 201
    await browser.staff()
    await browser.open("/staff/sales?by=volume")
    assert browser.text.index("Cheap An Author") < browser.text.index("Dear An Author")
    await browser.open("/staff/sales?by=revenue")
    assert browser.text.index("Dear An Author") < browser.text.index("Cheap An Author")


async def test_a_view_that_does_not_exist_is_the_usual_one(browser: Browser):
    await browser.staff()
    await browser.open("/staff/sales?days=8&by=colour")
    assert browser.page.status_code == 200
    assert 'aria-current="page">30 days' in browser.page.text
    assert "Nothing sold in these days" in browser.text


async def test_staff_download_the_exports(live_browser: Browser):
    browser = live_browser
    staff = await browser.staff()
    await browser.shop.book(title="Mort")
    for name in ("orders", "books", "movements"):
        answer = await browser.client.get(f"/staff/export/{name}.csv")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/csv")
        assert answer.headers["cache-control"] == "no-store"
        assert f"{name}-" in answer.headers["content-disposition"]
    assert "Mort" in (await browser.client.get("/staff/export/books.csv")).text
    assert (await browser.client.get("/staff/export/secrets.csv")).status_code == 404
    found = await browser.shop.rows("SELECT actor_user_id FROM audit_events WHERE action = 'export.made'")
    assert [row.actor_user_id for row in found] == [staff.id] * 4
