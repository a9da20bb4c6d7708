"""Which PostgreSQL serves the shop, and whether its schema is the one this release needs."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.config import Settings, load_settings
from app.core.db.engine import make_plain_engine, most_connections
from app.core.embedded import EmbeddedPostgres
from app.core.errors import OperatorError

PROJECT = Path(__file__).resolve().parents[3]
_INSTALLED = PROJECT / "app" / "migrations"
MIGRATIONS = _INSTALLED if _INSTALLED.is_dir() else PROJECT / "alembic"
"""A wheel carries them inside of the package (setup.py); in a checkout they lie beside it."""


class DatabaseUnusable(OperatorError):
    """The database is out of reach or of another release; the message says what to do."""


class DatabaseOutOfReach(DatabaseUnusable):
    """It does not answer, for now at least."""


@contextmanager
def database_running(settings: Settings) -> Iterator[str]:
    """The URL of the database; without DATABASE_URL the embedded server runs while the context is open."""
    if settings.database_url:
        yield settings.database_url
    else:
        with EmbeddedPostgres(settings.data).running() as url:
            yield url


def migrate(url: str, revision: str = "head") -> None:
    """Bring the schema up to that revision; processes that migrate at once wait for one another.

    Raises:
        DatabaseOutOfReach: it does not answer.
    """
    try:
        if revision == "head" and asyncio.run(_revision_at(url)) == newest_revision():
            return
        from app.core.db import migrating  # noqa: PLC0415 - its 10 MB and a tenth of a second, only when needed

        migrating.upgrade(url, revision)
    except OSError as error:
        raise DatabaseOutOfReach(f"The database does not answer: {reason(error)}.") from error


@cache
def newest_revision() -> str:
    """The revision this release was written for: the migration that none comes after."""
    files = [path.read_text() for path in sorted((MIGRATIONS / "versions").glob("*.py"))]
    before = {found for text in files for found in re.findall(r'^down_revision = "(\w+)"', text, re.MULTILINE)}
    after = {found for text in files for found in re.findall(r'^revision = "(\w+)"', text, re.MULTILINE)}
    newest: str
    (newest,) = after - before
    return newest


async def _revision_at(url: str) -> str | None:
    engine = make_plain_engine(url, load_settings())
    try:
        return await current_revision(engine)
    finally:
        await engine.dispose()


async def current_revision(engine: AsyncEngine) -> str | None:
    """The revision the database is at; None when it was never migrated."""
    async with engine.connect() as connection:
        known = await connection.scalar(text("SELECT to_regclass('alembic_version')"))
        if known is None:
            return None
        return str(await connection.scalar(text("SELECT version_num FROM alembic_version")))


async def refuse_outdated_schema(engine: AsyncEngine) -> None:
    """Raise DatabaseUnusable unless the database is at the newest revision, DatabaseOutOfReach unless it answers."""
    try:
        current = await current_revision(engine)
    except (OSError, DBAPIError) as error:
        raise DatabaseOutOfReach(f"The database does not answer: {reason(error)}.") from error
    if current != newest_revision():
        raise DatabaseUnusable(
            f"The database is at revision {current or 'none'}, this release needs {newest_revision()}: "
            "run `bookstore migrate`."
        )


_GRANTED = text("""
    SELECT sum(CASE name WHEN 'max_connections' THEN setting::int ELSE -setting::int END)::int FROM pg_settings
    WHERE name IN ('max_connections', 'superuser_reserved_connections', 'reserved_connections')
""")


async def too_few_connections(settings: Settings, processes: int, engine: AsyncEngine) -> str | None:
    """A sentence where so many server processes may want more connections than the database grants, else None."""
    if settings.db_pooler:
        return None
    async with engine.connect() as connection:
        granted = (await connection.execute(_GRANTED)).scalar_one()
    wanted = most_connections(settings, processes)
    if wanted <= granted:
        return None
    return (
        f"The shop may open {wanted} connections and the database grants {granted}. "
        "When it is busy, some requests will be answered with 503: "
        "lower DB_POOL_SIZE, DB_MAX_OVERFLOW or --workers, or raise max_connections."
    )


def reason(error: BaseException) -> str:
    """The driver's own words, on one line, without addresses of documentation or a full stop."""
    original = getattr(error, "orig", None) or error
    cause = getattr(original, "__cause__", None) or original
    words = str(cause).strip().splitlines()
    return words[0].rstrip(".") if words else type(cause).__name__


def driver_url(url: str) -> str:
    """The same address for those who speak to PostgreSQL without SQLAlchemy."""
    return libpq_url(url).render_as_string(hide_password=False)


def libpq_url(url: str) -> URL:
    """The same address in libpq's words."""
    ours = make_url(url)
    query = {"sslmode" if name == "ssl" else name: said for name, said in ours.query.items()}
    return ours.set(drivername="postgresql", query=query)
