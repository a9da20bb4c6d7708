"""The settings of the shop: read by everybody, kept until they change, saved by staff with what was there before."""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy import func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.caller import Caller
from app.accounts.models import User
from app.audit.service import record
from app.core.db.driver import driver
from app.core.parts import Part
from app.shop.errors import SettingsChanged
from app.shop.models import ShopSetting, ShopSettingHistory
from app.shop.settings import SECTIONS, Section, Selling, ShopSettings

log = logging.getLogger(__name__)
_SAVED = "saved settings"
_VERSION = "SELECT coalesce(sum(version), 0) FROM shop_settings"


class Shop:
    """The settings as this process knows them. Each reader asks for the version: a save is seen everywhere at once.

    `currency` is that of the environment: what a shop sells in that has not said it here.
    """

    def __init__(self, currency: str) -> None:
        self._currency = currency
        self.known = ShopSettings(selling=Selling.model_construct(currency=currency))

    async def settings(self, session: AsyncSession) -> ShopSettings:
        """The settings as they are committed now: one small statement, and another where they have changed."""
        if _SAVED in session.info:  # what is not committed yet is for this transaction alone
            return await self._read(session)
        version = int(await (await driver(session)).fetchval(_VERSION))
        if version != self.known.version:
            self.known = await self._read(session)
        return self.known

    async def _read(self, session: AsyncSession) -> ShopSettings:
        rows = (await session.execute(select(ShopSetting.section, ShopSetting.version, ShopSetting.values))).all()
        saved = {section: values for section, _, stored in rows if (values := _valid(section, stored))}
        versions = {section: version for section, version, _ in rows}
        said: dict[str, Any] = {"selling": Selling.model_construct(currency=self._currency)} | saved
        return ShopSettings(**said, version=sum(versions.values()), versions=versions)


SHOP = Part[Shop]("shop")


def _valid(section: str, stored: dict[str, Any]) -> Section | None:
    """What was saved; None, and its defaults count, where this release has no such value any more."""
    try:
        return SECTIONS[section].model_validate(stored)
    except ValidationError as error:
        log.warning("the settings %s cannot be used: %s", section, error.errors(include_input=False))
        return None


@dataclass(frozen=True, slots=True)
class Saved:
    """A save of a section: who (None: by a command, or an account that is gone) changed what, before and after."""

    version: int
    at: datetime
    by: str | None
    changed: dict[str, tuple[Any, Any]]


class ShopService:
    """Saving settings, in the transaction of a session."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def save(self, section: str, values: Section, expected_version: int, actor: Caller | None) -> int:
        """Save a section whole; its new version. Nothing is written where nothing changed.

        `expected_version` is that of the section when it was read, 0 where it had never been saved.

        Raises:
            SettingsChanged: somebody else saved it since.
        """
        await self._session.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"settings {section}"))))
        row = await self._session.scalar(select(ShopSetting).where(ShopSetting.section == section))
        before = row.values if row else {}
        if (row.version if row else 0) != expected_version:
            raise SettingsChanged
        stored = values.model_dump(mode="json")
        if stored == before:
            return expected_version
        version = expected_version + 1
        self._session.info[_SAVED] = True
        who = None if actor is None else actor.id
        as_now = {"version": version, "values": stored, "updated_at": func.now(), "updated_by": who}
        saved = upsert(ShopSetting).values(section=section, **as_now)
        await self._session.execute(
            saved.on_conflict_do_update(index_elements=["section"], set_=as_now),
            execution_options={"synchronize_session": False},
        )
        kept = insert(ShopSettingHistory).values(section=section, version=version, values=stored, saved_by=who)
        await self._session.execute(kept)
        changed = {name for name, value in stored.items() if before.get(name) != value}
        await record(
            self._session,
            actor,
            "settings.changed",
            before={f"{section}.{name}": before.get(name) for name in sorted(changed)},
            after={f"{section}.{name}": stored[name] for name in sorted(changed)},
        )
        return version

    async def history(self, section: str, limit: int) -> list[Saved]:
        """The last saves of a section, the newest first."""
        kept = ShopSettingHistory
        query = (
            select(kept.version, kept.saved_at, User.email, kept.values)
            .outerjoin(User, User.id == kept.saved_by)
            .where(kept.section == section)
            .order_by(kept.version.desc())
            .limit(limit + 1)
        )
        rows = (await self._session.execute(query)).all()
        befores = [row[3] for row in rows[1:]] + [SECTIONS[section]().model_dump(mode="json")]
        return [
            Saved(
                version, at, by, {name: (old.get(name), new) for name, new in values.items() if old.get(name) != new}
            )
            for (version, at, by, values), old in list(zip(rows, befores, strict=False))[:limit]
        ]
