"""One real PostgreSQL for all tests of a process, at two speeds.

`client` runs a test in a transaction that is rolled back at its end: fast, for most sentences of the contract.
`live` and `database_url` give a database of the test's own, made from the migrated template, with real commits and as
many connections as wanted: for whatever races, commits or crashes.
"""

import asyncio
import logging
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path, PurePosixPath
from uuid import uuid4

import asyncpg
import pytest
from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from app.core.config import Settings
from app.core.db.engine import make_engine
from app.core.db.server import migrate
from app.core.db.sessions import sessions_on
from app.core.db.transaction import Database
from app.core.embedded import EmbeddedPostgres
from app.main import create_app
from tests.support import Shop

TEMPLATE = "bookstore_test_template_" + os.environ.get("PYTEST_XDIST_WORKER", "alone")
IN_MEMORY = Path("/dev/shm")
ROOM = 4 * 2**30
# The tests of these folders share shops and browsers that take seconds to start, so each goes to one process.
WHOLE = ("browser", "fuzz", "processes")
# What takes longest is begun first, or one process is at it still when the others have nothing left to do.
LONG = (*WHOLE, "embedded", "cli", "crash", "stateful", "mail", "scale", "verify")


def pytest_configure() -> None:
    """No variable of the shell that runs the tests may steer the shop under test.

    Databases come and go by the thousand: where there is memory for them, no disk has to keep up.
    """
    for name in Settings.model_fields:
        os.environ.pop(name.upper(), None)
    if os.access(IN_MEMORY, os.W_OK) and shutil.disk_usage(IN_MEMORY).free > ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(IN_MEMORY))


class FolderScheduling(LoadFileScheduling):  # type: ignore[misc]
    """Each file goes to one process as a whole, and so do the folders of WHOLE.

    `--dist loadgroup` of xdist 3.8 would do, but pytest 9.2 does not call the hook that it needs.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = PurePosixPath(super()._split_scope(nodeid))
        return str(file.parent if file.parent.name in WHOLE else file)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> FolderScheduling | None:
    return FolderScheduling(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    place = {folder: number for number, folder in enumerate(LONG)}
    items.sort(key=lambda item: place.get(item.path.parent.name, len(LONG)))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Browser tests that were skipped must not pass for tests that passed."""
    skipped = sum("no Chromium" in str(report.longrepr) for report in terminalreporter.stats.get("skipped", []))
    if skipped:
        told = f"{skipped} BROWSER TESTS WERE SKIPPED: install Chromium (Debian: apt-get install chromium)."
        terminalreporter.write_line(told, red=True, bold=True)


@pytest.fixture(autouse=True)
def _a_log_of_its_own() -> Iterator[None]:
    """A shop that is started in a test configures the log of the whole process."""
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    yield
    root.setLevel(level)
    root.handlers[:] = handlers


@pytest.fixture(scope="session")
def server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Any database of the test server, as its owner."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        yield make_url(given).set(drivername="postgresql+asyncpg").render_as_string(hide_password=False)
        return
    folder = tmp_path_factory.mktemp("postgres")
    with EmbeddedPostgres(folder, durable=False).running() as url:
        yield url
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def template_url(server_url: str) -> Iterator[str]:
    """A migrated database that nothing writes to for good; TEST_TEMPLATE_URL may name one for many test runs."""
    if given := os.environ.get("TEST_TEMPLATE_URL"):
        yield given
        return
    asyncio.run(_run(server_url, f"DROP DATABASE IF EXISTS {TEMPLATE}", f"CREATE DATABASE {TEMPLATE}"))
    url = _named(server_url, TEMPLATE)
    migrate(url)
    yield url
    asyncio.run(_run(server_url, f"DROP DATABASE IF EXISTS {TEMPLATE}"))


@pytest.fixture
async def database_url(server_url: str, template_url: str) -> AsyncIterator[str]:
    """The URL of a fresh migrated database that only this test uses."""
    name = f"bookstore_test_{uuid4().hex[:12]}"
    await _run(server_url, f"CREATE DATABASE {name} TEMPLATE {_copy_of(template_url)}")
    yield _named(server_url, name)
    await _run(server_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def copy_url(server_url: str, template_url: str) -> Iterator[str]:
    """A copy of the template for tests that roll back; the template itself must have no connections to be copied."""
    name = f"bookstore_test_{uuid4().hex[:12]}"
    asyncio.run(_run(server_url, f"CREATE DATABASE {name} TEMPLATE {_copy_of(template_url)}"))
    yield _named(server_url, name)
    asyncio.run(_run(server_url, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of the shop under test: payments always succeed, rate limits are off."""
    return Settings(env="test", bookstore_data=tmp_path_factory.mktemp("data"), payment_mock_success_rate=1.0)


@pytest.fixture(scope="session")
async def shared_engine(copy_url: str, settings: Settings) -> AsyncIterator[AsyncEngine]:
    """The pool of the tests that roll back."""
    engine = make_engine(copy_url, settings)
    yield engine
    await engine.dispose()


@pytest.fixture
async def connection(shared_engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """One connection in a transaction that is rolled back when the test ends."""
    async with shared_engine.connect() as connection:
        transaction = await connection.begin()
        yield connection
        await transaction.rollback()


@pytest.fixture
def app(settings: Settings, shared_engine: AsyncEngine, connection: AsyncConnection) -> FastAPI:
    """The shop on the rolled-back connection; each request is a savepoint."""
    app = create_app(settings)
    sessions = sessions_on(connection, join_transaction_mode="create_savepoint")
    app.state.database = Database(shared_engine, sessions)
    return app


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[AsyncClient]:
    """HTTP against `app`, in process."""
    async with AsyncClient(transport=ASGITransport(app), base_url="http://shop.example") as client:
        yield client


@pytest.fixture
def shop(app: FastAPI, client: AsyncClient) -> Shop:
    """People and books for a test, on the rolled-back connection."""
    return Shop(app, client)


@pytest.fixture
async def live_app(settings: Settings, database_url: str) -> AsyncIterator[FastAPI]:
    """The shop on a database of the test's own, with a real pool and real commits."""
    roomy = settings.model_copy(update={"db_pool_size": 30, "database_url": database_url})
    app = create_app(roomy)
    engine = make_engine(database_url, roomy)
    app.state.database = database = Database(engine, with_autocommit=True)
    yield app
    await database.aclose()


@pytest.fixture
async def live(live_app: FastAPI) -> AsyncIterator[Shop]:
    """People and books for a test with real commits; `live.client` speaks HTTP in process."""
    async with AsyncClient(transport=ASGITransport(live_app), base_url="http://shop.example") as client:
        yield Shop(live_app, client)


@pytest.fixture
async def raw(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A plain driver connection to the database of a `live` test, to look at the rows and to hold locks."""
    connection = await asyncpg.connect(_dsn(database_url))
    yield connection
    await connection.close()


@pytest.fixture(scope="session")
def project() -> Path:
    """The root of the repository."""
    return Path(__file__).resolve().parents[1]


def _copy_of(url: str) -> str:
    return make_url(url).database or ""


def _named(url: str, database: str) -> str:
    return make_url(url).set(database=database).render_as_string(hide_password=False)


def _dsn(url: str) -> str:
    return url.replace("postgresql+asyncpg:", "postgresql:")


async def _run(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(_dsn(url))
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()
