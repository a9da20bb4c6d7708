"""A program of its own, as what it shows may end the process: sessions that let go of objects nobody else holds.

Each object refers to itself, so only the garbage collector frees it, and the collector comes by while its state is being
taken off the session: at another state in every round. Under Python 3.11 that leaves a dictionary on freed memory.

The arguments: what sessions are of, "holding" or "plain", and the address of a database.
"""

import asyncio
import gc
import sys

from sqlalchemy import inspect, select, text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import Session

import app.main  # noqa: F401 - all that maps classes
from app.catalog.models import Genre
from app.core.db.sessions import HoldingSession

ROUNDS = 40
ATTRIBUTES_SHARED_AT_MOST = 30
GENRES = select(Genre).from_statement(text("SELECT -i AS id, i::text AS name FROM generate_series(1, 300) AS i"))


async def main(kind: type[Session], url: str) -> None:
    engine = create_async_engine(url)
    for step in range(ROUNDS):
        async with AsyncSession(engine, sync_session_class=kind) as session:
            gc.disable()
            await _load(session)
            if not step:
                _fill_what_states_share(session)
            gc.set_threshold(gc.get_count()[0] + 3 + 7 * step, 10_000, 10_000)
            gc.enable()
            session.expunge_all()
    await engine.dispose()


async def _load(session: AsyncSession) -> None:
    for genre in await session.scalars(GENRES):
        genre.__dict__["itself"] = genre


def _fill_what_states_share(session: AsyncSession) -> None:
    """What more a state is given from now on has no place beside its other attributes: it gets a dictionary."""
    genre = next(iter(session))
    for number in range(ATTRIBUTES_SHARED_AT_MOST + 10):
        setattr(inspect(genre), f"attribute_{number}", None)


if __name__ == "__main__":
    asyncio.run(main({"holding": HoldingSession, "plain": Session}[sys.argv[1]], sys.argv[2]))
    sys.stdout.write("alive\n")
