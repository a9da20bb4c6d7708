"""A shop of some size, and those who visit it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.accounts.models import UserRole
from app.accounts.tokens import issue_access_token
from app.core.config import Settings
from app.core.db.engine import make_engine
from app.core.db.transaction import Database
from app.main import create_app

_CAST = text("""
    SELECT (SELECT min(id) FROM users WHERE role = 'ADMIN') AS staff,
           (SELECT array_agg(user_id) FROM (
               SELECT user_id FROM orders JOIN users ON users.id = user_id AND is_active
               GROUP BY user_id HAVING count(*) BETWEEN 3 AND 6
               ORDER BY hashint4(user_id) LIMIT 200) usual) AS readers,
           (SELECT array_agg(id) FROM (
               SELECT id FROM users
               WHERE is_active AND NOT EXISTS (
                   SELECT FROM carts JOIN cart_items ON cart_id = carts.id WHERE carts.user_id = users.id)
               ORDER BY hashint4(id) LIMIT 500) idle) AS buyers,
           (SELECT array_agg(id) FROM (
               SELECT id FROM books WHERE stock_quantity > 20 ORDER BY hashint4(id) LIMIT 501) stocked) AS books,
           (SELECT array_agg(ARRAY[bookstore_fold(title), bookstore_fold(author)]) FROM (
               SELECT title, author FROM books ORDER BY hashint4(id) LIMIT 500) wanted) AS wanted
""")


@dataclass(frozen=True, slots=True)
class Cast:
    """Ids: one of the staff, readers with a few orders, readers whose baskets are empty, books with copies.

    And books that somebody searches for, each with its folded title and author.
    """

    staff: int
    readers: list[int]
    buyers: list[int]
    books: list[int]
    wanted: list[tuple[str, str]]


class GrownShop:
    """Visited in process: what is measured is the shop and its database, not a network."""

    def __init__(self, app: FastAPI, engine: AsyncEngine, client: AsyncClient, cast: Cast) -> None:
        self.engine, self.cast = engine, cast
        self._app, self._client = app, client

    async def get(self, address: str, person: int | None = None) -> None:
        """Whoever that is must be welcome."""
        (await self._client.get(address, headers=self._headers(person))).raise_for_status()

    async def post(self, address: str, person: int, body: Mapping[str, Any]) -> None:
        """The same with a body."""
        (await self._client.post(address, json=body, headers=self._headers(person))).raise_for_status()

    def _headers(self, person: int | None) -> dict[str, str]:
        if person is None:
            return {}
        key, role = (
            self._app.state.signing_key,
            UserRole.USER,
        )  # the role of the account counts, not that of the token
        token = issue_access_token(key, user_id=person, role=role, session_id=uuid4(), lifetime_minutes=60)
        return {"Authorization": f"Bearer {token}"}


@asynccontextmanager
async def open_shop(url: str, settings: Settings) -> AsyncIterator[GrownShop]:
    """The shop in that database; payments succeed."""
    app, engine = create_app(settings), make_engine(url, settings)
    app.state.database = Database(engine)
    try:
        async with engine.connect() as connection:
            cast = Cast(**(await connection.execute(_CAST)).one()._asdict())
        async with AsyncClient(transport=ASGITransport(app), base_url="http://localhost") as client:
            yield GrownShop(app, engine, client, cast)
    finally:
        await app.state.oauth.aclose()
        await engine.dispose()
