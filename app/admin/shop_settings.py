"""Saving the shop's settings where other slices have a say: prices must fit the currency."""

from babel.numbers import get_currency_precision
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.caller import Caller
from app.catalog.service import count_finer_prices
from app.shop.errors import CurrencyDoesNotFit
from app.shop.service import ShopService
from app.shop.settings import Section, Selling, ShopSettings


class ShopSettingsService:
    """Settings saved by staff, in the transaction of a session."""

    def __init__(self, session: AsyncSession, actor: Caller | None) -> None:
        self._session, self._actor = session, actor

    async def save(self, section: str, values: Section, expected_version: int, stored: ShopSettings) -> int:
        """Save a section whole; its new version. `stored` is what is in force now.

        Raises:
            SettingsChanged: somebody else saved the section since `expected_version`.
            CurrencyDoesNotFit: the currency is another one, and books have prices with more decimals than it has.
        """
        if isinstance(values, Selling) and values.currency != stored.currency:
            books = await count_finer_prices(self._session, get_currency_precision(values.currency))
            if books:
                raise CurrencyDoesNotFit(values.currency, books)
        return await ShopService(self._session).save(section, values, expected_version, self._actor)
