"""People and books that tests need, made by the shortest way that is still real rows."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from fastapi import FastAPI
from httpx2 import AsyncClient, Response
from sqlalchemy import CursorResult, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import User, UserRole
from app.accounts.tokens import issue_access_token
from app.catalog.models import Book, Genre


@dataclass(frozen=True)
class Person:
    """An account with an access token; pass `headers` to a request to act as this person."""

    id: int
    email: str
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


class Shop:
    """The shop under test with its HTTP client."""

    def __init__(self, app: FastAPI, client: AsyncClient) -> None:
        self.app = app
        self.client = client

    def bound(self, **settings: int) -> None:
        """From now on these settings are what is given."""
        self.app.state.settings = self.app.state.settings.model_copy(update=settings)

    async def person(self, *, role: UserRole = UserRole.USER, is_active: bool = True, **columns: Any) -> Person:
        """An account made without the cost of a password."""
        columns.setdefault("email", f"{uuid4().hex[:12]}@example.com")

        async def insert(session: AsyncSession) -> User:
            user = User(role=role, is_active=is_active, **columns)
            session.add(user)
            await session.flush()
            return user

        user = await self.app.state.database.transaction(insert)
        return Person(user.id, user.email, self.token(user.id, role))

    async def admin(self) -> Person:
        return await self.person(role=UserRole.ADMIN)

    def token(self, user_id: int, role: UserRole = UserRole.USER, session_id: UUID | None = None) -> str:
        return issue_access_token(
            self.app.state.signing_key,
            user_id=user_id,
            role=role,
            session_id=session_id or uuid4(),
            lifetime_minutes=15,
        )

    async def book(self, **columns: Any) -> int:
        """The id of a new book; 10 copies at 10.00 unless told otherwise."""
        columns = {
            "title": "A Book",
            "author": "An Author",
            "price": Decimal("10.00"),
            "stock_quantity": 10,
        } | columns

        async def insert(session: AsyncSession) -> int:
            book = Book(**columns)
            session.add(book)
            await session.flush()
            return book.id

        return await self.app.state.database.transaction(insert)

    async def genre(self, name: str) -> int:
        async def insert(session: AsyncSession) -> int:
            genre = Genre(name=name)
            session.add(genre)
            await session.flush()
            return genre.id

        return await self.app.state.database.transaction(insert)

    async def rows(self, sql: str, **values: Any) -> list[Any]:
        """What a query finds, for looking behind the answers."""

        async def read(session: AsyncSession) -> list[Any]:
            result = await session.execute(text(sql), values)
            return list(result.all()) if isinstance(result, CursorResult) and result.returns_rows else []

        return await self.app.state.database.transaction(read)

    async def scalar(self, sql: str, **values: Any) -> Any:
        rows = await self.rows(sql, **values)
        return rows[0][0] if rows else None

    async def add_to_cart(self, person: Person, book_id: int, quantity: int = 1) -> int:
        """The id of the new cart line."""
        answer = await self.client.post(
            "/cart/items", headers=person.headers, json={"book_id": book_id, "quantity": quantity}
        )
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    async def checkout(self, person: Person, key: str | None = None, **body: Any) -> Response:
        headers = person.headers | ({"Idempotency-Key": key} if key else {})
        return await self.client.post("/orders/checkout", headers=headers, json=body)


def assert_problem(answer: Response, status: int, code: str, field: str | None = None) -> dict[str, Any]:
    """The answer is that problem document, complete; returns it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["code"] == code, body
    assert body["status"] == status
    assert body["type"] == ("about:blank" if code.startswith("HTTP_") else f"/problems/{code}")
    assert isinstance(body["detail"], str)
    assert body["title"]
    assert body.get("field") == field, body
    if status == 401:
        assert answer.headers["www-authenticate"] == "Bearer"
    if status in {429, 503}:
        assert int(answer.headers["retry-after"]) > 0
    return body
