"""What a session has loaded lives until the session is done with it (decision 11)."""

import gc
import os
import subprocess
import sys
import weakref
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.catalog.models import Genre
from app.core.db.autocommit import AutocommitSessions
from app.core.db.sessions import sessions_on
from tests.core.detaching import GENRES

ROOT = Path(__file__).resolve().parents[2]


def test_a_collection_in_the_midst_of_letting_go_does_no_harm(database_url: str):
    """Seen to end with a segmentation fault for plain sessions, under Python 3.11."""
    command = [sys.executable, "-m", "tests.core.detaching", "holding", database_url]
    checked = {"PYTHONMALLOC": "debug", "PYTHONFAULTHANDLER": "1"}
    ran = subprocess.run(command, check=False, cwd=ROOT, env=os.environ | checked, capture_output=True, timeout=120)
    assert (ran.returncode, ran.stdout) == (0, b"alive\n"), ran.stderr.decode(errors="replace")


@pytest.mark.parametrize("end", ["close", "expunge_all", "reset"])
async def test_objects_live_as_long_as_their_session_and_no_longer(shared_engine: AsyncEngine, end: str):
    """Seen to fail without the three events, and without the clearing."""
    async with sessions_on(shared_engine)() as session:
        loaded = [weakref.ref(genre) for genre in await session.scalars(GENRES)]
        added = Genre(name="added for a moment")
        session.add(added)
        await session.flush()
        loaded.append(weakref.ref(added))
        del added
        gc.collect()
        assert all(genre() for genre in loaded)
        ended = getattr(session, end)()
        if ended is not None:
            await ended
        gc.collect()
        assert not any(genre() for genre in loaded)


async def test_readers_keep_sessions_but_nothing_that_these_have_loaded(shared_engine: AsyncEngine):
    readers = AutocommitSessions(shared_engine)
    loaded: list[weakref.ref[Genre]] = []

    async def read(session) -> None:
        await session.execute(text("SELECT 1"))
        loaded.extend(weakref.ref(genre) for genre in await session.scalars(GENRES))

    await readers.run(read)
    gc.collect()
    assert loaded
    assert not any(genre() for genre in loaded)
    await readers.aclose()
