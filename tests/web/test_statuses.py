"""Every status and code has its words on pages, and one without them breaks none."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import pytest

from app.accounts.security.kinds import Kind
from app.admin.imports import Stage
from app.mail.schemas import MailStatus
from app.orders.errors import CheckoutRefused
from app.orders.models import OrderStatus
from app.prebookings.models import PreBookStatus
from app.web.buying.checkout import ADVICE
from app.web.security_words import NAMES
from app.web.statuses import FILTERS, IMPORTS, MAILS, ORDERS, PRE_BOOKINGS, Shown
from tests.orders.support import sold
from tests.web.browser import Browser

TABLES: dict[str, tuple[Mapping[Any, Shown], set[str]]] = {
    "orders": (ORDERS, set(OrderStatus)),
    "pre-bookings": (PRE_BOOKINGS, set(PreBookStatus)),
    "mails": (MAILS, set(get_args(MailStatus))),
    "imports": (IMPORTS, set(get_args(Stage))),
}


@pytest.mark.parametrize("name", TABLES)
def test_every_status_has_its_words(name: str):
    table, statuses = TABLES[name]
    assert set(table) == statuses
    assert all(shown.name for shown in table.values())


def test_every_order_status_has_its_sentences():
    for status, shown in ORDERS.items():
        assert shown.meaning.endswith("."), status
        assert shown.event.endswith("."), status


def test_every_kind_of_security_event_has_its_name():
    assert set(NAMES) == set(Kind)


def test_every_refusal_of_a_checkout_has_its_advice():
    def refusals(root: type[CheckoutRefused] = CheckoutRefused) -> Iterator[str]:
        for found in root.__subclasses__():
            yield found.code
            yield from refusals(found)

    assert set(ADVICE) == set(refusals())


@pytest.mark.parametrize("name", FILTERS)
def test_a_status_without_words_is_shown_all_the_same(name: str):
    shown = FILTERS[name]("out_for_delivery")
    assert (shown.name, shown.tone) == ("Out for delivery", "")
    assert shown.meaning == shown.event == "Out for delivery."


def test_no_template_looks_a_status_up_by_itself(project: Path):
    """A dictionary in a template knows the statuses of the day it was written."""
    templates = sorted((project / "app/web/templates").rglob("*.html"))
    assert len(templates) > 40
    for template in templates:
        assert not re.search(r"\}\s*(\[|\.get\()", template.read_text()), template.name


async def test_the_pages_of_an_order_bear_a_status_without_words(browser: Browser, monkeypatch: pytest.MonkeyPatch):
    """As if the status had come with a new version of the database and not of the pages."""
    reader = await browser.reader()
    order = await sold(browser.shop, reader, title="Emma")
    monkeypatch.delitem(ORDERS, OrderStatus.CONFIRMED)
    for path in ("/account", "/account/orders", f"/account/orders/{order['id']}"):
        page = await browser.open(path)
        assert page.status_code == 200, path
        assert "Confirmed" in browser.text
