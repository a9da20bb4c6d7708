"""What is read out of the driver's exceptions."""

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.db.failures import connection_lost, sqlstate, violated

TWICE = "INSERT INTO genres (name) VALUES ('the same'), ('the same')"


def test_a_failure_that_nobody_named_has_no_sqlstate():
    assert sqlstate(DBAPIError("SELECT 1", None, Exception("gone"))) == ""


def test_a_failure_without_a_constraint_names_none():
    assert violated(IntegrityError("INSERT", None, Exception("no"))) is None


async def test_a_constraint_is_named_through_sqlalchemy(connection: AsyncConnection):
    with pytest.raises(IntegrityError) as refused:
        await connection.execute(text(TWICE))
    assert violated(refused.value) == "uq_genres_name"


async def test_a_constraint_is_named_on_the_driver(raw: asyncpg.Connection):
    with pytest.raises(asyncpg.UniqueViolationError) as refused:
        await raw.execute(TWICE)
    assert violated(refused.value) == "uq_genres_name"


@pytest.mark.parametrize(
    ("error", "lost"),
    [
        (asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation"), True),
        (asyncpg.AdminShutdownError("terminating connection due to administrator command"), True),
        (asyncpg.InterfaceError("cannot perform operation: connection is closed"), True),
        (asyncpg.InterfaceError("cannot perform operation: another operation is in progress"), False),
        (asyncpg.InternalClientError("got result for unknown protocol state"), True),
        (asyncpg.UniqueViolationError("duplicate key"), False),
        (DBAPIError("SELECT 1", None, Exception("gone"), connection_invalidated=True), True),
        (DBAPIError("SELECT 1", None, Exception("the door is closed")), False),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_a_broken_connection_is_told_from_a_refused_statement(error: Exception, lost: bool):
    assert connection_lost(error) is lost
