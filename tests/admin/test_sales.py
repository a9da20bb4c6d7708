"""GET /admin/analytics/sales/summary and /by-day. The clock stands still within a test that rolls back."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.admin.support import MONTH, MONTH_BEFORE, TODAY, WEEK, asked, order_at
from tests.support import Person, Shop, assert_problem

SUMMARY = "/admin/analytics/sales/summary"
BY_DAY = "/admin/analytics/sales/by-day"
FIRST_MOMENTS = {
    "today": (TODAY, f"{TODAY} - interval '1 day'"),
    "week": (WEEK, f"{WEEK} - interval '7 days'"),
    "month": (MONTH, MONTH_BEFORE),
}
PERIODS = pytest.mark.parametrize("period", ["today", "week", "month"])


@pytest.fixture
async def admin(shop: Shop) -> Person:
    return await shop.admin()


async def summary(shop: Shop, admin: Person, **query: Any) -> Any:
    return await asked(shop, admin, SUMMARY, **query)


async def now(shop: Shop) -> datetime:
    return await shop.scalar("SELECT now()")


@pytest.mark.parametrize("path", [SUMMARY, BY_DAY])
async def test_sales_are_for_staff(shop: Shop, path: str):
    reader = await shop.person()
    assert_problem(await shop.client.get(path), 401, "HTTP_401")
    assert_problem(await shop.client.get(path, headers=reader.headers), 403, "AUTH_FORBIDDEN")


async def test_without_sales_all_is_zero_and_the_change_unknown(shop: Shop, admin: Person):
    body = await summary(shop, admin)
    figures = ("period", "revenue", "order_count", "aov", "delta_percentage", "like_for_like_percentage")
    assert [body[name] for name in figures] == ["today", 0.0, 0, 0.0, None, None]
    assert body["previous"]["revenue"] == body["previous_like"]["revenue"] == 0.0


@pytest.mark.parametrize("period", ["year", "Today", ""])
async def test_an_unknown_period_is_refused(shop: Shop, admin: Person, period: str):
    answer = await shop.client.get(SUMMARY, headers=admin.headers, params={"period": period})
    assert_problem(answer, 422, "VALIDATION_ERROR", "period")


@PERIODS
async def test_a_period_runs_from_its_first_moment_until_now(shop: Shop, admin: Person, period: str):
    """Seen to fail with `>` for `>=` at the first moment, and with `<` for `<=` at now."""
    first, _ = FIRST_MOMENTS[period]
    await order_at(shop, first, (None, 1, "1.00"))
    await order_at(shop, "now()", (None, 1, "20.00"))
    await order_at(shop, f"{first} - interval '1 microsecond'", (None, 1, "300.00"))
    await order_at(shop, "now() + interval '1 microsecond'", (None, 1, "4000.00"))
    body = await summary(shop, admin, period=period)
    assert (body["revenue"], body["order_count"], body["aov"]) == (21.0, 2, 10.5)
    assert body["previous"]["revenue"] == 300.0


@PERIODS
async def test_it_is_compared_with_the_whole_period_before(shop: Shop, admin: Person, period: str):
    """Seen to fail when the period before ended at the like moment."""
    first, before = FIRST_MOMENTS[period]
    await order_at(shop, "now()", (None, 3, "10.00"))
    await order_at(shop, before, (None, 1, "10.00"))
    await order_at(shop, f"{first} - interval '1 microsecond'", (None, 1, "10.00"))
    await order_at(shop, f"{before} - interval '1 microsecond'", (None, 1, "500.00"))
    body = await summary(shop, admin, period=period)
    assert (body["delta_percentage"], body["previous"]["order_count"]) == (50.0, 2)
    assert body["previous"]["aov"] == 10.0


@PERIODS
async def test_and_like_with_like_with_the_same_part_of_it(shop: Shop, admin: Person, period: str):
    first, before = FIRST_MOMENTS[period]
    like = f"least({before} + (now() - {first}), {first} - interval '1 microsecond')"
    await order_at(shop, "now()", (None, 1, "30.00"))
    await order_at(shop, before, (None, 1, "15.00"))
    await order_at(shop, like, (None, 1, "5.00"))
    await order_at(shop, f"{first} - interval '1 microsecond'", (None, 1, "40.00"))
    body = await summary(shop, admin, period=period)
    assert body["delta_percentage"] == -50.0
    part = body["previous_like"]
    if part["end"] < body["start"]:  # else so much of the period has passed that the part is the whole
        assert (part["revenue"], part["order_count"], body["like_for_like_percentage"]) == (20.0, 2, 50.0)
    else:
        assert part == body["previous"]


@PERIODS
async def test_the_answer_says_which_moments_it_is_about(shop: Shop, admin: Person, period: str):
    first, before = FIRST_MOMENTS[period]
    [moments] = await shop.rows(f"SELECT {first}, {before}, now() + interval '1 microsecond'")
    body = await summary(shop, admin, period=period)
    told = (body["start"], body["previous"]["start"], body["end"])
    assert tuple(datetime.fromisoformat(moment) for moment in told) == tuple(moments)
    assert body["previous"]["end"] == body["start"]
    assert all(moment.endswith("Z") and len(moment) == 27 for moment in told)


async def test_only_confirmed_orders_count(shop: Shop, admin: Person):
    await order_at(shop, "now()", (None, 1, "10.00"))
    for status in ("cancelled", "payment_failed"):
        await order_at(shop, "now()", (None, 1, "900.00"), status=status)
        await order_at(shop, f"{TODAY} - interval '1 hour'", (None, 1, "900.00"), status=status)
    body = await summary(shop, admin)
    assert (body["revenue"], body["order_count"], body["delta_percentage"]) == (10.0, 1, None)


async def test_revenue_is_quantity_by_unit_price_and_an_order_counts_once(shop: Shop, admin: Person):
    book = await shop.book(price=99)
    await order_at(shop, "now()", (book, 3, "0.10"), (book, 2, "19.99"), (None, 1, "5.00"))
    await order_at(shop, "now()", (book, 1, "0.00"))
    body = await summary(shop, admin)
    assert (body["revenue"], body["order_count"], body["aov"]) == (45.28, 2, 22.64)


async def test_deleted_books_are_included(shop: Shop, admin: Person):
    book = await shop.book()
    await order_at(shop, "now()", (book, 1, "7.00"))
    assert (await shop.client.delete(f"/books/{book}", headers=admin.headers)).status_code == 204
    assert (await summary(shop, admin))["revenue"] == 7.0


async def test_a_thousand_small_prices_add_up_exactly(shop: Shop, admin: Person):
    """As binary numbers they do not: 0.1 added up a thousand times is 99.9999999999986."""
    await order_at(shop, "now()", *[(None, 1, "0.10")] * 100)
    await shop.rows("UPDATE order_items SET quantity = 10")
    assert (await summary(shop, admin))["revenue"] == 100.0


async def test_the_change_has_two_places(shop: Shop, admin: Person):
    await order_at(shop, "now()", (None, 1, "1.00"))
    await order_at(shop, f"{TODAY} - interval '1 second'", (None, 1, "3.00"))
    assert (await summary(shop, admin))["delta_percentage"] == -66.67


async def test_free_copies_before_are_nothing_to_compare_with(shop: Shop, admin: Person):
    await order_at(shop, "now()", (None, 1, "1.00"))
    await order_at(shop, f"{TODAY} - interval '1 second'", (None, 1, "0.00"))
    body = await summary(shop, admin)
    assert (body["delta_percentage"], body["previous"]["order_count"]) == (None, 1)


async def test_the_greatest_amounts_are_answered(shop: Shop, admin: Person):
    await order_at(shop, "now()", *[(None, 2_147_483_647, "99999999.99")] * 3)
    await order_at(shop, f"{TODAY} - interval '1 second'", (None, 1, "0.01"))
    body = await summary(shop, admin)
    assert body["revenue"] == pytest.approx(3 * 2_147_483_647 * 99_999_999.99)
    assert body["delta_percentage"] > 1e21


async def test_a_checkout_counts_at_once(shop: Shop, admin: Person):
    await shop.add_to_cart(admin, await shop.book(price=12), quantity=2)
    assert (await shop.checkout(admin)).status_code == 201
    assert (await summary(shop, admin))["revenue"] == 24.0


async def test_a_chart_has_a_row_for_each_day(shop: Shop, admin: Person):
    today = (await now(shop)).date()
    await order_at(shop, "now()", (None, 2, "10.00"), (None, 1, "0.50"))
    await order_at(shop, "now()", (None, 1, "1.00"))
    await order_at(shop, f"{TODAY} - interval '2 days'", (None, 4, "2.00"))
    await order_at(shop, "now()", status="cancelled")
    body = await asked(shop, admin, BY_DAY)
    assert (body["date_from"], body["date_to"]) == ((today - timedelta(days=29)).isoformat(), today.isoformat())
    days = [day["date"] for day in body["items"]]
    assert days == [(today - timedelta(days=number)).isoformat() for number in range(29, -1, -1)]
    assert body["items"][-1] == {"date": today.isoformat(), "revenue": 21.5, "order_count": 2, "units_sold": 4}
    assert body["items"][-3] == {"date": days[-3], "revenue": 8.0, "order_count": 1, "units_sold": 4}
    zero = {"revenue": 0.0, "order_count": 0, "units_sold": 0}
    assert [body["items"][place] for place in (0, -2)] == [{"date": days[place]} | zero for place in (0, -2)]


async def test_a_day_is_that_of_utc_to_the_microsecond(shop: Shop, admin: Person):
    """Seen to fail with the last day left out, and in another time zone with `CAST(created_at AS date)`."""
    await shop.rows("SET LOCAL timezone = 'Asia/Tokyo'")
    for moment in ("20260228T235959.999999Z", "20260301T000000Z", "20260301T235959.999999Z", "20260302T000000Z"):
        await order_at(shop, f"timestamptz '{moment}'")
    body = await asked(shop, admin, BY_DAY, date_from="2026-02-28", date_to="2026-03-01")
    assert [(day["date"], day["order_count"]) for day in body["items"]] == [("2026-02-28", 1), ("2026-03-01", 2)]


async def test_a_single_day_and_the_ends_of_the_calendar(shop: Shop, admin: Person):
    for day in ("2026-03-01", "0001-01-01", "9999-12-31"):
        body = await asked(shop, admin, BY_DAY, date_from=day, date_to=day)
        assert [item["date"] for item in body["items"]] == [day]
    assert len((await asked(shop, admin, BY_DAY, date_to="0001-01-03"))["items"]) == 3


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("date_from", {"date_from": "2026-03-02", "date_to": "2026-03-01"}),
        ("date_from", {"date_from": "2025-03-01", "date_to": "2026-03-02"}),
        ("date_from", {"date_from": "9999-12-31"}),
        ("date_from", {"date_from": "yesterday"}),
        ("date_to", {"date_to": "2026-02-30"}),
        ("date_to", {"date_to": "1772323200"}),
        ("date_to", {"date_to": "2026-03-01T00:00:00Z"}),
    ],
)
async def test_days_that_make_no_sense_are_refused(shop: Shop, admin: Person, name: str, query: dict[str, str]):
    answer = await shop.client.get(BY_DAY, headers=admin.headers, params=query)
    assert_problem(answer, 422, "VALIDATION_ERROR", name)


async def test_a_leap_year_fits_into_a_chart(shop: Shop, admin: Person):
    body = await asked(shop, admin, BY_DAY, date_from="2028-01-01", date_to="2028-12-31")
    assert len(body["items"]) == 366


async def test_the_chart_and_the_summary_tell_the_same(shop: Shop, admin: Person):
    for hours in range(0, 400, 7):
        await order_at(shop, f"now() - interval '{hours} hours'", (None, 1 + hours % 3, "3.35"))
    first = datetime.fromisoformat((body := await summary(shop, admin, period="month"))["start"]).astimezone(UTC)
    chart = await asked(shop, admin, BY_DAY, date_from=first.date().isoformat())
    assert sum(day["order_count"] for day in chart["items"]) == body["order_count"]
    assert sum(day["revenue"] for day in chart["items"]) == pytest.approx(body["revenue"])
