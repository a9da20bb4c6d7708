"""Asking the shop for its lists, in process, and noting each statement that this takes."""

import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from asyncpg.connection import LoggedQuery
from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient
from sqlalchemy import AdaptedConnection, Connection, event, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from app.accounts.models import UserRole
from app.accounts.security.query import SecurityFilter
from app.accounts.security.repository import SecurityEventRepository
from app.accounts.tokens import issue_access_token
from app.audit.repository import AuditRepository
from app.audit.schemas import AuditFilter
from app.catalog.query import BookQuery
from app.catalog.sorting import ORDERS, Direction, SortName
from app.core.paging import Cursors, Key, Position
from app.notices.repository import NoticeRepository
from app.orders.models import OrderStatus
from app.orders.repository import OrderRepository
from app.orders.schemas import OrderFilter

MIDDLE = Position(datetime(2025, 6, 1, tzinfo=UTC), 500_000)
_MIDDLES: dict[SortName, Key] = {
    "title": "Long Road",
    "price": "20.99",
    "date": "2005-01-01",
    "created_at": "2025-06-01T00:00:00Z",
    "avg_rating": "4.0",
}
_CASTS = """
    SELECT (SELECT user_id FROM orders GROUP BY user_id ORDER BY count(*) DESC LIMIT 1) AS reader_id,
           (SELECT min(id) FROM users WHERE role = 'ADMIN') AS staff_id,
           (SELECT id FROM books ORDER BY rating_count DESC, id LIMIT 1) AS book_id
"""


@dataclass
class Asked:
    """A statement with its parameters, and how long it took each time."""

    statement: str
    parameters: Any
    seconds: list[float] = field(default_factory=list)


@contextmanager
def noted(engine: AsyncEngine) -> Iterator[list[Asked]]:
    """The statements that are run within the block."""
    seen: list[Asked] = []
    began = 0.0

    def before(_1: Connection, _2: object, statement: str, parameters: Any, *_: object) -> None:
        nonlocal began
        seen.append(Asked(statement, parameters))
        began = time.perf_counter()

    def after(*_: object) -> None:
        seen[-1].seconds.append(time.perf_counter() - began)

    def on_driver(query: LoggedQuery) -> None:
        if query.args:
            seen.append(Asked(query.query, tuple(query.args), [query.elapsed]))

    def taken(connection: AdaptedConnection, *_: object) -> None:
        connection.driver_connection.add_query_logger(on_driver)

    def handed_back(connection: AdaptedConnection, *_: object) -> None:
        connection.driver_connection.remove_query_logger(on_driver)

    listeners: dict[str, Callable[..., Any]] = {
        "before_cursor_execute": before,
        "after_cursor_execute": after,
        "checkout": taken,
        "checkin": handed_back,
    }
    for name, listener in listeners.items():
        event.listen(engine.sync_engine, name, listener)
    try:
        yield seen
    finally:
        for name, listener in listeners.items():
            event.remove(engine.sync_engine, name, listener)


class Visitor:
    """Asks for lists: as staff where only they may, else as the reader with the most orders."""

    def __init__(self, app: FastAPI, client: AsyncClient, cast: dict[str, int], rounds: int) -> None:
        self._app, self._client, self._cast, self._rounds = app, client, cast, rounds

    @classmethod
    async def to(cls, app: FastAPI, rounds: int = 1) -> "Visitor":
        """A visitor who knows whom and what to ask for, and asks so many times."""

        async def choose(session: AsyncSession) -> dict[str, int]:
            row = (await session.execute(text(_CASTS))).one()._asdict()
            order = text("SELECT min(id) FROM orders WHERE user_id = :reader_id")
            return {**row, "order_id": (await session.execute(order, row)).scalar_one()}

        cast = await app.state.database.transaction(choose)
        return cls(app, AsyncClient(transport=ASGITransport(app), base_url="http://localhost"), cast, rounds)

    @property
    def cursors(self) -> Cursors:
        """Those of the shop that is visited."""
        return self._app.state.cursors  # type: ignore[no-any-return]

    async def ask(self, template: str) -> list[Asked]:
        """The statements of a list, each with the times of all rounds."""
        address = template.format(**self._cast)
        for_staff = address.startswith("/admin") or "/stock/" in address
        headers = self._headers("staff_id" if for_staff else "reader_id")

        async def get() -> None:
            (await self._client.get(address, headers=headers)).raise_for_status()

        return await self._often(get)

    async def look_up(self, work: Callable[[AsyncSession, int], Awaitable[object]]) -> list[Asked]:
        """The same of a look into the database, for the reader of that id."""

        async def look() -> None:
            await self._app.state.database.transaction(lambda session: work(session, self._cast["reader_id"]))

        return await self._often(look)

    async def _often(self, work: Callable[[], Awaitable[None]]) -> list[Asked]:
        rounds = []
        for _ in range(self._rounds):
            with noted(self._app.state.database.engine) as asked:
                await work()
            rounds.append(asked)
        return _together(rounds)

    def _headers(self, who: str) -> dict[str, str]:
        role = UserRole.ADMIN if who == "staff_id" else UserRole.USER
        key, person = self._app.state.signing_key, self._cast[who]
        token = issue_access_token(key, user_id=person, role=role, session_id=uuid4(), lifetime_minutes=60)
        return {"Authorization": f"Bearer {token}"}


def _together(rounds: list[list[Asked]]) -> list[Asked]:
    """Each statement once, with its times in all rounds: what is remembered is not asked again, but read by id."""
    together: dict[str, Asked] = {}
    for asked in (asked for one in rounds for asked in one):
        if asked.statement in together:
            together[asked.statement].seconds += asked.seconds
        else:
            together[asked.statement] = asked
    return list(together.values())


def books_from_the_middle(cursors: Cursors) -> list[str]:
    """Addresses of pages in the middle of all books, in each order."""
    directions: tuple[Direction, ...] = ("asc", "desc")
    asked = [BookQuery(sort=sort, sort_dir=direction) for sort in ORDERS for direction in directions]
    return [
        f"/books?sort={query.sort}&sort_dir={query.sort_dir}"
        f"&cursor={cursors.behind(query.scope, _MIDDLES[query.sort], MIDDLE.id)}"
        for query in asked
    ]


LOOKS: dict[str, Callable[[AsyncSession, int], Awaitable[object]]] = {
    "/orders, deep": lambda session, reader: OrderRepository(session).list_for_user(reader, limit=101, after=MIDDLE),
    "/admin/orders, deep": lambda session, _: OrderRepository(session).list_all(
        OrderFilter(), limit=101, after=MIDDLE
    ),
    "/admin/orders?status=cancelled, deep": lambda session, _: OrderRepository(session).list_all(
        OrderFilter(status=OrderStatus.CANCELLED), limit=101, after=MIDDLE
    ),
    "/admin/audit, deep": lambda session, _: AuditRepository(session).page(AuditFilter(), limit=101, after=MIDDLE),
    "/admin/security-events, deep": lambda session, _: SecurityEventRepository(session).page(
        SecurityFilter(), limit=101, after=MIDDLE
    ),
    "/auth/me/sign-ins, deep": lambda session, reader: SecurityEventRepository(session).sign_ins(
        reader, limit=101, after=MIDDLE
    ),
    "/notifications, deep": lambda session, reader: NoticeRepository(session, reader).page(
        unread=False, before=200_000, limit=101
    ),
}
"""Pages that are reached by cursor, as their lists ask the database for them."""
