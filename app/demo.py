"""A shop to look at: the demo catalogue, and two sign-ins with random passwords kept in the data folder."""

import json
import secrets
import tomllib
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

import app.catalog.demo
from app.accounts.models import User, UserRole
from app.accounts.passwords import hash_password
from app.catalog.models import Book, Genre
from app.core.config import Settings
from app.core.db.transaction import Database

CATALOGUE = Path(app.catalog.demo.__file__).parent / "catalogue.toml"
ROLES = {"staff@example.com": UserRole.ADMIN, "reader@example.com": UserRole.USER}


@dataclass(frozen=True, slots=True)
class SignIn:
    """Who may sign in to the demo, with the password in clear: it is printed for whoever starts the shop."""

    role: str
    email: str
    password: str


def catalogue() -> list[dict[str, Any]]:
    """The demo books as the file lists them."""
    books: list[dict[str, Any]] = tomllib.loads(CATALOGUE.read_text(encoding="utf-8"))["book"]
    return books


async def seed(database: Database) -> int:
    """Add the demo books that are not there yet, by title and author; how many were added."""
    return await database.transaction(_add_books)


async def _add_books(session: AsyncSession) -> int:
    wanted = catalogue()
    genres = await _genres(session, sorted({book["genre"] for book in wanted}))
    known = {(title, author) for title, author in await session.execute(select(Book.title, Book.author))}
    rows = [_row(book, genres) for book in wanted if (book["title"], book["author"]) not in known]
    if rows:
        await session.execute(insert(Book), rows)
    return len(rows)


async def _genres(session: AsyncSession, names: list[str]) -> dict[str, int]:
    await session.execute(insert(Genre).values([{"name": name} for name in names]).on_conflict_do_nothing())
    found = await session.execute(select(Genre.name, Genre.id).where(Genre.name.in_(names)))
    return {row.name: row.id for row in found}


def _row(book: dict[str, Any], genres: dict[str, int]) -> dict[str, Any]:
    return {
        "title": book["title"],
        "author": book["author"],
        "genre_id": genres[book["genre"]],
        "publish_date": book.get("published"),
        "price": Decimal(book["price"]),
        "stock_quantity": book["stock"],
        "description": book["description"],
    }


async def furnish(settings: Settings, database: Database) -> list[SignIn]:
    """Fill an empty shop and make the demo's accounts where they are missing; the sign-ins are kept for good."""
    sign_ins = kept_sign_ins(settings.data / "demo_sign_ins.json")
    missing = await database.transaction(_fill_if_empty)
    people = [await _person(sign_in) for sign_in in sign_ins if sign_in.email in missing]

    async def add_people(session: AsyncSession) -> None:
        await session.execute(insert(User).on_conflict_do_nothing(), people)

    if people:
        await database.transaction(add_people)
    return sign_ins


async def _person(sign_in: SignIn) -> dict[str, object]:
    hashed = await hash_password(sign_in.password)
    return {"email": sign_in.email, "role": ROLES[sign_in.email], "hashed_password": hashed}


async def _fill_if_empty(session: AsyncSession) -> set[str]:
    """Add the catalogue to a shop without books; the addresses of demo accounts that are not there."""
    if await session.scalar(select(Book.id).limit(1)) is None:
        await _add_books(session)
    known = await session.scalars(select(User.email).where(User.email.in_(ROLES)))
    return set(ROLES) - set(known)


def kept_sign_ins(file: Path) -> list[SignIn]:
    """The sign-ins in that file (mode 0600), made at the first call."""
    if not file.exists():
        made = [SignIn(role.value, email, secrets.token_urlsafe(12)) for email, role in ROLES.items()]
        file.touch(mode=0o600)
        file.write_text(json.dumps([asdict(sign_in) for sign_in in made], indent=2), encoding="utf-8")
    return [SignIn(**kept) for kept in json.loads(file.read_text(encoding="utf-8"))]
