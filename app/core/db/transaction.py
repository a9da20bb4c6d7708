"""The one place that opens, commits, rolls back and repeats a transaction."""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TypeVar

from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession

from app.core.db.autocommit import AutocommitSessions
from app.core.db.batch import refuse_unsent
from app.core.db.failures import (
    NO_ROOM,
    OUT_OF_TIME,
    REPEATABLE,
    StatementFailed,
    connection_lost,
    sqlstate,
)
from app.core.db.sessions import SessionMaker, sessions_on
from app.core.errors import DomainError, TryAgain
from app.core.parts import Part

T = TypeVar("T")
Undo = Callable[[], Awaitable[None]]

REPETITIONS = 3
FIRST_PAUSE_SECONDS = 0.02
SNAPSHOTS_AT_ONCE = 2
SNAPSHOT_IDLE_MS = 300_000
_UNDOS = "undos"
_NOTES = "notes"
_IN_DOUBT = "in doubt"

log = logging.getLogger(__name__)


def undo_unless_committed(session: AsyncSession, key: str, undo: Undo) -> None:
    """Have `undo` run if this transaction, in the try that is under way, does not end in a COMMIT.

    For effects outside the database, such as a charge. `key` names the effect across repetitions: an effect that a
    later try takes over under the same key is kept when that try commits.
    """
    session.info.setdefault(_UNDOS, {})[key] = undo


def once_committed(session: AsyncSession, note: Callable[[], None]) -> None:
    """Have `note` run after the COMMIT of the try that is under way, and never without one: for counting."""
    session.info.setdefault(_NOTES, []).append(note)


class Database:
    """Sessions and transactions on one pool."""

    def __init__(
        self,
        engine: AsyncEngine,
        sessions: SessionMaker | None = None,
        *,
        with_autocommit: bool = False,
    ) -> None:
        """Behind a pooler there is no autocommit: the bounds on statements are settings of a transaction there."""
        self.engine = engine
        self.sessions = sessions or sessions_on(engine)
        self._autocommit = AutocommitSessions(engine) if with_autocommit else None
        self._snapshots = asyncio.Semaphore(SNAPSHOTS_AT_ONCE)

    async def transaction(self, work: Callable[[AsyncSession], Awaitable[T]], *, one_statement: bool = False) -> T:
        """Run `work` and commit. Deadlocks and serialization failures repeat it up to three times.

        Work that changes rows in `one_statement` needs no BEGIN and COMMIT around it.

        Raises:
            TryAgain: a lock wait ran out, the pool had no connection to give, the server is out of reach, or the
                conflict outlived its repetitions.
            DomainError: as raised by `work`; its changes are rolled back unless the error keeps them.
        """
        undos: dict[str, Undo] = {}
        repetition = 0
        try:
            while True:
                try:
                    if one_statement and self._autocommit:
                        return await self._autocommit.run(work)
                    return await self._once(work, undos)
                except StatementFailed as error:
                    if repetition == REPETITIONS or sqlstate(error) not in REPEATABLE:
                        raise _as_answer(error) from error
                await asyncio.sleep(FIRST_PAUSE_SECONDS * 2**repetition * (0.5 + random.random()))  # noqa: S311
                repetition += 1
        except (PoolTimeout, OSError) as error:
            log.warning("database out of reach: %s", error)
            raise TryAgain from error
        finally:
            await _run_all(undos)

    async def reading(self, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
        """Run `work`, which only reads, without BEGIN and COMMIT: a statement sees what is committed by then.

        Raises: as `transaction`.
        """
        try:
            if self._autocommit:
                return await self._autocommit.run(work)
            async with self.sessions() as session:
                found = await work(session)
                refuse_unsent(session)
                return found
        except StatementFailed as error:
            raise _as_answer(error) from error
        except (PoolTimeout, OSError) as error:
            log.warning("database out of reach: %s", error)
            raise TryAgain from error

    async def aclose(self) -> None:
        """Close all connections."""
        if self._autocommit:
            await self._autocommit.aclose()
        await self.engine.dispose()

    async def _once(self, work: Callable[[AsyncSession], Awaitable[T]], undos: dict[str, Undo]) -> T:
        """One try. Undos of a try that does not commit join `undos`; a commit strikes those it took over."""
        async with self.sessions() as session:
            try:
                try:
                    result = await work(session)
                except DomainError as error:
                    if error.keeps_changes:
                        await _commit(session, undos)
                    raise
                await _commit(session, undos)
            except BaseException:
                undos |= session.info.get(_UNDOS, {})
                raise
            return result

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[AsyncConnection]:
        """One picture of the database for as long as a reader takes, outside of any request's transaction.

        Statements have no time limit here; a reader who pauses longer than SNAPSHOT_IDLE_MS is cut off.

        Raises:
            TryAgain: so many are open already that another would take connections from the shop, the pool had none
                to give, or the server is out of reach.
        """
        if self._snapshots.locked():
            raise TryAgain("Other long readings are under way. Please try again when they are done.")
        async with self._snapshots, AsyncExitStack() as stack:
            try:
                connection = await stack.enter_async_context(self.engine.connect())
                await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
                await connection.exec_driver_sql(_PATIENCE)
            except StatementFailed as error:
                raise _as_answer(error) from error
            except (PoolTimeout, OSError) as error:
                log.warning("database out of reach: %s", error)
                raise TryAgain from error
            yield connection


DATABASE = Part[Database]("database")

_PATIENCE = (
    "SELECT set_config('statement_timeout', '0', true), "
    f"set_config('idle_in_transaction_session_timeout', '{SNAPSHOT_IDLE_MS}', true)"
)


async def _commit(session: AsyncSession, undos: dict[str, Undo]) -> None:
    refuse_unsent(session)
    try:
        await session.commit()
    except BaseException as error:
        session.info[_IN_DOUBT] = _answer_lost(error)
        raise
    for key in session.info.pop(_UNDOS, {}):
        undos.pop(key, None)
    for note in session.info.pop(_NOTES, []):
        note()


def _answer_lost(error: BaseException) -> bool:
    """Whether nobody told how COMMIT ended: the connection broke, or we stopped listening."""
    return not isinstance(error, StatementFailed) or not sqlstate(error) or connection_lost(error)


def in_doubt(session: AsyncSession) -> bool:
    """For an undo: whether the transaction may have been committed all the same. Look before undoing."""
    return session.info.get(_IN_DOUBT) is True


def _as_answer(error: Exception) -> Exception:
    state = sqlstate(error)
    if state in REPEATABLE or state in OUT_OF_TIME or state.startswith(NO_ROOM) or connection_lost(error):
        log.warning("transaction given up: SQLSTATE %s", state)
        return TryAgain()
    return error


async def _run_all(undos: dict[str, Undo]) -> None:
    for key, undo in undos.items():
        try:
            await asyncio.shield(undo())
        except Exception:
            log.exception("could not undo %s", key)


async def release(session: AsyncSession) -> None:
    """Roll back a transaction that has only read, and hand its connection back, before slow work outside it."""
    await session.rollback()
