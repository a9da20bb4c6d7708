"""Adding up: parts make their totals in all modes and currencies, and tax is what tax offices work out."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.money import NotInCurrency, TaxMode, from_minor, half_up, shares, to_minor
from app.orders.pricing import Tax, Totals, price

CATEGORIES = ("book", "ebook", "other")
RATES = st.decimals(min_value=0, max_value=1, places=5)


@dataclass(frozen=True)
class Line:
    unit_price: Decimal
    quantity: int = 1
    tax_category: str = "book"


@dataclass(frozen=True)
class Sale:
    lines: list[Line]
    delivery: Decimal
    discount: Decimal
    tax: Tax
    decimals: int

    def priced(self) -> Totals:
        return price(self.lines, delivery=self.delivery, discount=self.discount, tax=self.tax, decimals=self.decimals)

    def minor(self, amount: Decimal) -> int:
        return to_minor(amount, self.decimals)


@st.composite
def sales(draw: st.DrawFn) -> Sale:
    decimals = draw(st.sampled_from([0, 2, 3]))

    def amounts(most: int) -> st.SearchStrategy[Decimal]:
        return st.integers(0, most).map(lambda minor: from_minor(minor, decimals))

    line = st.builds(Line, amounts(10**10), st.integers(1, 10**6), st.sampled_from(CATEGORIES))
    lines = draw(st.lists(line, min_size=1, max_size=30))
    cost = sum(to_minor(line.unit_price, decimals) * line.quantity for line in lines)
    discount = from_minor(draw(st.integers(0, min(cost, 10**12))), decimals)
    rates = draw(st.fixed_dictionaries(dict.fromkeys(CATEGORIES, RATES)))
    return Sale(lines, draw(amounts(10**6)), discount, Tax(draw(st.sampled_from(TaxMode)), rates), decimals)


@given(sales())
def test_parts_add_up_to_their_totals(sale: Sale):
    totals, minor = sale.priced(), sale.minor
    added = minor(totals.tax_total) * (totals.mode is TaxMode.ADDED)
    assert sum(minor(line.total) for line in totals.lines) == minor(totals.items_total)
    assert sum(minor(line.discount) for line in totals.lines) == minor(totals.discount_total) == minor(sale.discount)
    assert minor(totals.delivery_total) == minor(sale.delivery)
    assert minor(totals.grand_total) == (
        minor(totals.items_total) - minor(totals.discount_total) + minor(totals.delivery_total) + added
    )
    if totals.mode is not TaxMode.NONE:
        assert sum(minor(tax.tax) for tax in totals.taxes) == minor(totals.tax_total)
        assert sum(minor(tax.delivery) for tax in totals.taxes) == minor(totals.delivery_total)
        assert sum(minor(tax.goods) for tax in totals.taxes) == (
            minor(totals.items_total) - minor(totals.discount_total)
        )


@given(sales())
def test_refunds_of_all_lines_and_the_delivery_are_the_whole(sale: Sale):
    totals = sale.priced()
    given_back = sum((line.paid for line in totals.lines), totals.delivery_paid)
    assert sale.minor(given_back) == sale.minor(totals.grand_total)
    assert all(line.paid >= 0 and line.tax >= 0 for line in totals.lines)


@given(sales())
def test_the_tax_of_a_rate_is_exact_but_for_rounding_once(sale: Sale):
    """Within half a minor unit, for the whole rate group, whatever the lines are."""
    totals = sale.priced()
    for tax in totals.taxes:
        base, rate = sale.minor(tax.goods) + sale.minor(tax.delivery), Fraction(tax.rate)
        exact = base * rate / (1 + rate) if totals.mode is TaxMode.INCLUDED else base * rate
        assert abs(sale.minor(tax.tax) - exact) <= Fraction(1, 2)


@given(sales())
def test_no_part_is_further_than_one_minor_unit_from_its_share(sale: Sale):
    totals = sale.priced()
    cost = sale.minor(totals.items_total)
    for line in totals.lines:
        if cost:
            exact = Fraction(sale.minor(totals.discount_total) * sale.minor(line.total), cost)
            assert abs(sale.minor(line.discount) - exact) < 1


@given(sales())
def test_the_order_of_the_lines_changes_no_total(sale: Sale):
    turned = Sale(sale.lines[::-1], sale.delivery, sale.discount, sale.tax, sale.decimals).priced()
    totals = sale.priced()
    assert (turned.tax_total, turned.grand_total, turned.taxes) == (
        totals.tax_total,
        totals.grand_total,
        totals.taxes,
    )


@given(st.integers(0, 10**30), st.lists(st.integers(0, 10**12), min_size=1, max_size=40))
def test_shares_are_whole_and_fair(total: int, weights: list[int]):
    parts = shares(total, weights)
    assert sum(parts) == total
    whole = sum(weights)
    for part, weight in zip(parts, weights, strict=True):
        exact = Fraction(total * weight, whole) if whole else Fraction(total, len(weights))
        assert abs(part - exact) < 1
        assert weight or not whole or part == 0


@pytest.mark.parametrize(("exact", "rounded"), [("0.5", 1), ("0.4999", 0), ("2.5", 3), ("1.5", 2), ("7", 7)])
def test_a_half_goes_up(exact: str, rounded: int):
    assert half_up(Fraction(exact)) == rounded


@pytest.mark.parametrize(("amount", "decimals"), [("1980.50", 0), ("0.001", 2), ("1.2345", 3)])
def test_an_amount_that_its_currency_does_not_have_is_refused(amount: str, decimals: int):
    with pytest.raises(NotInCurrency):
        price([Line(Decimal(amount))], decimals=decimals)
    with pytest.raises(NotInCurrency):
        price([], delivery=Decimal(amount), decimals=decimals)


@pytest.mark.parametrize(("amount", "decimals"), [("1980.00", 0), ("1980.000", 0), ("0.10", 2), ("1.234", 3)])
def test_trailing_zeros_are_no_decimals(amount: str, decimals: int):
    assert price([Line(Decimal(amount))], decimals=decimals).grand_total == Decimal(amount)


def test_more_discount_than_the_goods_cost_is_a_mistake_of_the_caller():
    with pytest.raises(ValueError, match="discount"):
        price([Line(Decimal("10.00"))], discount=Decimal("10.01"))


def test_a_category_without_a_rate_is_never_taxed_at_nothing():
    with pytest.raises(KeyError):
        price([Line(Decimal(10), tax_category="ebook")], tax=Tax(TaxMode.INCLUDED, {"book": Decimal("0.07")}))


@dataclass(frozen=True)
class Leaflet:
    """An example that a tax office works out. Amounts as it prints them, in minor units of its currency."""

    source: str
    mode: TaxMode
    rates: dict[str, str]
    lines: list[Line]
    tax: str
    grand: str
    delivery: str = "0"
    taxed_delivery: str | None = None


HMRC = "HM Revenue & Customs, Calculating VAT for VAT-inclusive and VAT-exclusive prices"
LEAFLETS = [
    Leaflet(f"{HMRC}: 20 % of 100", TaxMode.ADDED, {"book": "0.20"}, [Line(Decimal(100))], "20.00", "120.00"),
    Leaflet(f"{HMRC}: 5 % of 100", TaxMode.ADDED, {"book": "0.05"}, [Line(Decimal(100))], "5.00", "105.00"),
    Leaflet(f"{HMRC}: VAT fraction 1/6", TaxMode.INCLUDED, {"book": "0.20"}, [Line(Decimal(120))], "20.00", "120.00"),
    Leaflet(f"{HMRC}: VAT fraction 1/21", TaxMode.INCLUDED, {"book": "0.05"}, [Line(Decimal(105))], "5.00", "105.00"),
    Leaflet(
        "HM Revenue & Customs, VAT fraction 7/47 of 17.5 % (2010)",
        TaxMode.INCLUDED,
        {"book": "0.175"},
        [Line(Decimal("117.50"))],
        "17.50",
        "117.50",
    ),
    Leaflet(
        "California Department of Tax and Fee Administration, annotation 557.0111: of a delivery for 3.50 a third is"
        " taxed where goods for 10.00 are exempt and for 5.00 taxable (here at 7.25 %)",
        TaxMode.ADDED,
        {"book": "0", "other": "0.0725"},
        [Line(Decimal(10)), Line(Decimal(5), tax_category="other")],
        "0.45",  # 7.25 % of 5.00 + 1.17
        "18.95",
        delivery="3.50",
        taxed_delivery="1.17",
    ),
    Leaflet(
        "Fayetteville, West Virginia, code 777.05: rounded up where the third decimal is above four (1 % of 0.50)",
        TaxMode.ADDED,
        {"book": "0.01"},
        [Line(Decimal("0.50"))],
        "0.01",
        "0.51",
    ),
    Leaflet(
        "The same: rounded down where it is four or less (1 % of 0.49), on the invoice as a whole",
        TaxMode.ADDED,
        {"book": "0.01"},
        [Line(Decimal("0.24")), Line(Decimal("0.25"))],
        "0.00",
        "0.49",
    ),
]


@pytest.mark.parametrize("leaflet", LEAFLETS, ids=lambda leaflet: leaflet.source[:60])
def test_worked_examples_of_tax_offices(leaflet: Leaflet):
    tax = Tax(leaflet.mode, {category: Decimal(rate) for category, rate in leaflet.rates.items()})
    totals = price(leaflet.lines, delivery=Decimal(leaflet.delivery), tax=tax)
    assert (str(totals.tax_total), str(totals.grand_total)) == (leaflet.tax, leaflet.grand)
    if leaflet.taxed_delivery:
        assert str(totals.taxes[-1].delivery) == leaflet.taxed_delivery
