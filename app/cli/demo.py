"""A shop to look at: the demo catalogue, and two sign-ins with random passwords kept in the data folder."""

import json
import secrets
import tomllib
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

import app.catalog.demo
from app.accounts.models import User, UserRole
from app.accounts.passwords import hash_password, verify_password
from app.accounts.security import noting
from app.accounts.security.kinds import Kind
from app.audit.service import record
from app.catalog.models import Book, Genre
from app.core.config import ConfigurationError, Settings
from app.core.db.transaction import Database
from app.core.secret_files import kept_text

CATALOGUE = Path(app.catalog.demo.__file__).parent / "catalogue.toml"
ROLES = {"staff@example.com": UserRole.ADMIN, "reader@example.com": UserRole.USER}


@dataclass(frozen=True, slots=True)
class DemoSignIn:
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
        picked = [(book["title"], book["author"]) for book in wanted if book.get("pick")]
        recommended = update(Book).where(tuple_(Book.title, Book.author).in_(picked), Book.picked_at.is_(None))
        await session.execute(recommended.values(picked_at=func.now()))
        counts = {"file": CATALOGUE.name, "created": len(rows), "updated": 0}
        await record(session, None, "import.stored", after=counts)
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


async def furnish(settings: Settings, database: Database) -> list[DemoSignIn]:
    """Fill an empty shop and make the demo's accounts where they are missing; the sign-ins are kept for good.

    Where an account has another password than the one that is kept, the sign-in says so instead.
    """
    sign_ins = kept_sign_ins(settings.data / "demo_sign_ins.json")
    known = await database.transaction(_fill_if_empty)
    people = [await _person(sign_in) for sign_in in sign_ins if sign_in.email not in known]

    async def add_people(session: AsyncSession) -> None:
        added = insert(User).on_conflict_do_nothing().returning(User.id, User.email, User.role)
        for user_id, email, role in (await session.execute(added, people)).all():
            await record(session, None, "user.created", user_id, after={"email": email, "role": role})
            await noting.record(session, Kind.ACCOUNT_CREATED, user_id, by="operator")

    if people:
        await database.transaction(add_people)
    return [await _checked(sign_in, known) for sign_in in sign_ins]


async def leave_as_it_is(_: Database) -> list[DemoSignIn]:
    """For a shop that is no demo: nothing is added, nobody is announced."""
    return []


async def _person(sign_in: DemoSignIn) -> dict[str, object]:
    hashed = await hash_password(sign_in.password)
    return {"email": sign_in.email, "role": ROLES[sign_in.email], "hashed_password": hashed}


async def _checked(sign_in: DemoSignIn, known: dict[str, str | None]) -> DemoSignIn:
    if sign_in.email not in known or await verify_password(sign_in.password, known[sign_in.email]):
        return sign_in
    return replace(sign_in, password="(has another password)")  # noqa: S106 - says that there is none to show


async def _fill_if_empty(session: AsyncSession) -> dict[str, str | None]:
    """Add the catalogue to a shop without books; the password hashes of demo accounts that are there."""
    if await session.scalar(select(Book.id).limit(1)) is None:
        await _add_books(session)
    found = await session.execute(select(User.email, User.hashed_password).where(User.email.in_(ROLES)))
    return {row.email: row.hashed_password for row in found}


def kept_sign_ins(file: Path) -> list[DemoSignIn]:
    """The sign-ins in that file (mode 0600), made at the first call.

    Raises:
        ConfigurationError: the file cannot be read as what we wrote.
    """
    made = [DemoSignIn(role.value, email, secrets.token_urlsafe(12)) for email, role in ROLES.items()]
    text = kept_text(file, json.dumps([asdict(sign_in) for sign_in in made], indent=2))
    try:
        return [DemoSignIn(**kept) for kept in json.loads(text)]
    except (ValueError, TypeError) as error:
        raise ConfigurationError(f"{file} cannot be read: delete it, and new passwords are made") from error
