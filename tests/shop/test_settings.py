"""The settings of the shop: what may be said, how it is kept, who sees it when."""

import asyncio
from decimal import Decimal

import asyncpg
import pytest
from fastapi import FastAPI
from pydantic import ValidationError

from app.admin.shop_settings import ShopSettingsService
from app.core.config import Settings
from app.core.db.engine import make_engine
from app.core.db.transaction import Database
from app.main import create_app
from app.shop.errors import CurrencyDoesNotFit, SettingsChanged
from app.shop.service import SHOP, ShopService
from app.shop.settings import Contact, Identity, Selling, ShopSettings
from tests.support import Shop


async def said(app: FastAPI) -> ShopSettings:
    return await app.state.database.transaction(SHOP.of(app).settings)


async def save(app: FastAPI, section: str, values: Identity | Contact | Selling, version: int) -> int:
    async def work(session) -> int:
        return await ShopService(session).save(section, values, version, None)

    return await app.state.database.transaction(work)


def test_a_shop_that_says_nothing_has_defaults():
    shop = ShopSettings()
    assert (shop.name, shop.currency, shop.decimals, str(shop.zone)) == ("Bookstore", "USD", 2, "UTC")
    assert ShopSettings(selling=Selling(currency=" jpy ")).decimals == 0
    assert ShopSettings(selling=Selling(currency="KWD")).decimals == 3


@pytest.mark.parametrize(
    ("section", "values"),
    [
        (Identity, {"name": ""}),
        (Identity, {"name": " "}),
        (Identity, {"name": "x" * 201}),
        (Identity, {"name": "A\nB"}),
        (Identity, {"name": "A\u202eB"}),
        (Identity, {"name": "A\0B"}),
        (Identity, {"name": "A\ud800B"}),
        (Contact, {"company": "a\u2067b"}),
        (Contact, {"email": "a@b"}),
        (Contact, {"email": "a@b.example\nBcc: c@d.example"}),
        (Selling, {"currency": "XXY"}),
        (Selling, {"currency": "€"}),
        (Selling, {"time_zone": "Mars/Olympus"}),
        (Selling, {"time_zone": "../../etc/passwd"}),
        (Selling, {"tax_mode": "some"}),
        (Selling, {"home_country": "DEU"}),
        (Selling, {"low_stock_threshold": -1}),
        (Selling, {"few_left_threshold": 10**30}),
        (Contact, {"email": "Ann <ann@b.example>"}),
        (Contact, {"company": "Ann\r\nBcc: x"}),
    ],
)
def test_what_makes_no_sense_is_refused(section, values):
    with pytest.raises(ValidationError):
        section.model_validate(values)


def test_names_are_kept_as_they_are_written():
    assert Identity(name="Büchergilde 📚 👩‍🔬").name == "Büchergilde 📚 👩‍🔬"


async def test_a_save_is_seen_at_the_next_request_and_by_another_process(
    live: Shop, live_app: FastAPI, settings: Settings, database_url: str
):
    other = create_app(settings.model_copy(update={"database_url": database_url}))
    engine = make_engine(database_url, settings)
    other.state.database = Database(engine, with_autocommit=True)
    try:
        assert (await said(other)).name == "Bookstore"
        assert await save(live_app, "identity", Identity(name="Leaf"), 0) == 1
        assert (await said(live_app)).name == (await said(other)).name == "Leaf"
        assert await save(live_app, "contact", Contact(phone="12"), 0) == 1
        shop = await said(other)
        assert (shop.contact.phone, shop.name, shop.version) == ("12", "Leaf", 2)
        assert shop.versions == {"identity": 1, "contact": 1}
    finally:
        await other.state.database.aclose()


async def test_of_two_who_save_at_once_one_is_told_and_nothing_is_lost(live: Shop, live_app: FastAPI):
    """Seen to fail without the comparison of versions, and without the lock before it."""
    results = await asyncio.gather(
        *(save(live_app, "identity", Identity(name=f"Shop {n}"), 0) for n in range(8)), return_exceptions=True
    )
    assert sum(result == 1 for result in results) == 1
    assert sum(isinstance(result, SettingsChanged) for result in results) == 7
    assert await live.scalar("SELECT count(*) FROM shop_setting_history") == 1
    assert await live.scalar("SELECT count(*) FROM audit_events WHERE action = 'settings.changed'") == 1


async def test_saving_the_same_again_writes_nothing(shop: Shop, app: FastAPI):
    assert await save(app, "identity", Identity(name="Leaf"), 0) == 1
    assert await save(app, "identity", Identity(name="Leaf"), 1) == 1
    assert await shop.scalar("SELECT count(*) FROM shop_setting_history") == 1


@pytest.mark.parametrize(
    "change", ["UPDATE shop_setting_history SET version = 9", "DELETE FROM shop_setting_history"]
)
async def test_what_was_saved_once_stays(live: Shop, live_app: FastAPI, raw: asyncpg.Connection, change: str):
    await save(live_app, "identity", Identity(name="Leaf"), 0)
    with pytest.raises(asyncpg.RestrictViolationError, match="append-only"):
        await raw.execute(change)


async def test_the_history_tells_what_each_save_changed(shop: Shop, app: FastAPI):
    await save(app, "contact", Contact(company="Leaf"), 0)
    await save(app, "contact", Contact(company="Leaf", phone="12"), 1)

    async def read(session):
        return await ShopService(session).history("contact", 1), await ShopService(session).history("contact", 9)

    last, both = await app.state.database.transaction(read)
    assert [saved.changed for saved in last] == [{"phone": ("", "12")}]
    assert [saved.changed for saved in both] == [{"phone": ("", "12")}, {"company": ("", "Leaf")}]


async def test_a_currency_waits_until_all_prices_fit(shop: Shop, app: FastAPI):
    await shop.book(price=Decimal("10.00"))
    await shop.book(price=Decimal("10.50"))

    async def to(session, currency: str) -> int:
        stored = await SHOP.of(app).settings(session)
        version = stored.versions.get("selling", 0)
        return await ShopSettingsService(session, None).save("selling", Selling(currency=currency), version, stored)

    database = app.state.database
    with pytest.raises(CurrencyDoesNotFit) as refused:
        await database.transaction(lambda session: to(session, "JPY"))
    assert (refused.value.books, refused.value.field) == (1, "currency")
    assert await database.transaction(lambda session: to(session, "EUR")) == 1
    await shop.rows("UPDATE books SET price = 11 WHERE price = 10.50")
    assert await database.transaction(lambda session: to(session, "JPY")) == 2
    await shop.rows("UPDATE books SET price = 11.50 WHERE price = 11")

    async def only_the_zone(session) -> int:
        stored = await SHOP.of(app).settings(session)
        values = stored.selling.model_copy(update={"time_zone": "Asia/Tokyo"})
        return await ShopSettingsService(session, None).save("selling", values, 2, stored)

    assert await database.transaction(only_the_zone) == 3
