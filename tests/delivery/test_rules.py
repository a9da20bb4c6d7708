"""Places, parcels and rates, against plain statements of what they must be."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.delivery.rules import (
    DEFAULT_GRAMS,
    Area,
    Goods,
    Place,
    Rate,
    Step,
    folded_postal,
    folded_region,
    in_force,
    lies_in,
    parcel_grams,
    price_for,
    rates_at,
    reaches,
)

COUNTRIES = st.sampled_from(["DE", "US", "GB"])
CODES = st.text("0123456789AB", min_size=1, max_size=6)
REGIONS = st.sampled_from(["ca", "ny", "on"])
AREAS = st.builds(Area, COUNTRIES, st.none() | REGIONS, st.none() | st.text("0123AB", min_size=1, max_size=3))
PLACES = st.builds(Place, st.none() | COUNTRIES, st.none() | REGIONS.map(str.upper), st.none() | CODES)
AMOUNTS = st.decimals(0, 1000, places=2)
STEPS = st.dictionaries(st.none() | st.integers(1, 50), AMOUNTS, max_size=6)
DAYS = st.dates(date(2026, 1, 1), date(2026, 1, 12))
RATES = st.decimals(0, 1, places=5)


@st.composite
def spans(draw: st.DrawFn) -> tuple[date, date | None]:
    first = draw(DAYS)
    return first, draw(st.none() | st.integers(1, 6).map(lambda days: first + timedelta(days)))


@given(AREAS, PLACES)
def test_a_place_lies_in_an_area_when_each_part_that_is_told_agrees(area: Area, place: Place):
    country = place.country == area.country
    region = area.region is None or (place.region or "").lower() == area.region
    postal = area.postal_prefix is None or (place.postal_code or "")[: len(area.postal_prefix)] == area.postal_prefix
    assert lies_in(place, area) == (country and region and postal)


@given(st.lists(AREAS, max_size=4), PLACES)
def test_a_zone_is_the_union_of_its_areas(areas: list[Area], place: Place):
    assert reaches(areas, place) == bool([area for area in areas if lies_in(place, area)])


@given(AREAS, COUNTRIES)
def test_what_is_not_known_of_a_place_is_in_no_part_that_asks_for_it(area: Area, country: str):
    whole = area.region is None and area.postal_prefix is None
    assert lies_in(Place(country), area) == (whole and country == area.country)
    assert not lies_in(Place(), area)


@given(STEPS, AMOUNTS, st.integers(0, 60))
def test_the_lightest_step_that_holds_the_parcel_counts(
    prices: dict[int | None, Decimal], total: Decimal, grams: int
):
    steps = [Step(*pair) for pair in prices.items()]
    price = price_for(steps, None, Goods(total, grams))
    holding = sorted(up_to for up_to in prices if up_to is not None and grams <= up_to)
    if holding:
        assert price == prices[holding[0]]
    else:
        assert price == prices.get(None)


@given(STEPS, AMOUNTS, AMOUNTS, st.integers(0, 60))
def test_free_from_an_amount_but_never_beyond_the_weight(
    prices: dict[int | None, Decimal], free_from: Decimal, total: Decimal, grams: int
):
    steps, goods = [Step(*pair) for pair in prices.items()], Goods(total, grams)
    usual = price_for(steps, None, goods)
    expected = usual if usual is None or total < free_from else 0
    assert price_for(steps, free_from, goods) == expected


@given(st.lists(st.tuples(st.none() | st.integers(1, 3000), st.integers(1, 20))))
def test_a_book_without_a_weight_weighs_the_usual(lines: list[tuple[int | None, int]]):
    each = [DEFAULT_GRAMS if weight is None else weight for weight, quantity in lines for _ in range(quantity)]
    assert parcel_grams(lines) == sum(each)


@given(spans(), DAYS)
def test_a_rate_counts_from_its_first_day_until_before_its_end(span: tuple[date, date | None], day: date):
    first, end = span
    days = {first + timedelta(number) for number in range((end - first).days)} if end else None
    rate = Rate("book", Area("DE"), Decimal(0), first, end)
    assert in_force(rate, day) == (day in days if days is not None else day >= first)


@given(st.lists(st.tuples(AREAS, RATES, spans()), max_size=6), PLACES, DAYS)
def test_the_most_exact_area_gives_the_rate(
    drawn: list[tuple[Area, Decimal, tuple[date, date | None]]], place: Place, day: date
):
    rates = [Rate("book", area, rate, *span) for area, rate, span in drawn]
    fitting = [rate for rate in rates if in_force(rate, day) and lies_in(place, rate.area)]
    found = rates_at(rates, place, day).get("book")
    if not fitting:
        assert found is None
        return
    longest = max(len(rate.area.postal_prefix or "") for rate in fitting)
    exact = [rate for rate in fitting if len(rate.area.postal_prefix or "") == longest]
    regional = [rate for rate in exact if rate.area.region] or exact
    assert found in [rate.rate for rate in regional]


def test_each_category_has_a_rate_of_its_own():
    rates = [
        Rate("book", Area("DE"), Decimal("0.07"), date(2026, 1, 1)),
        Rate("other", Area("DE"), Decimal("0.19"), date(2026, 1, 1)),
        Rate("book", Area("US", "ny"), Decimal("0.04"), date(2026, 1, 1)),
    ]
    found = rates_at(rates, Place("DE", None, "10115"), date(2026, 5, 1))
    assert found == {"book": Decimal("0.07"), "other": Decimal("0.19")}


@pytest.mark.parametrize(
    ("given", "folded"),
    [("sw1a 1aa", "SW1A1AA"), ("00-950", "00950"), ("", None), (None, None), (" - ", None), ("１２", "１２")],
)
def test_postal_codes_are_compared_without_blanks_and_case(given: str | None, folded: str | None):
    assert folded_postal(given) == folded


@pytest.mark.parametrize(
    ("given", "folded"), [("  New   York ", "new york"), ("CA", "ca"), (None, None), (" ", None)]
)
def test_regions_are_compared_without_blanks_and_case(given: str | None, folded: str | None):
    assert folded_region(given) == folded


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_any_text_can_be_a_place(country: str, region: str, postal: str):
    assert isinstance(lies_in(Place(country, region, postal), Area("DE", "x", "1")), bool)
