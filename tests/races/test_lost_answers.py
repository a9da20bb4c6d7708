"""The connection breaks while COMMIT runs: nobody is told how it ended, and money hangs on it."""

import asyncio
from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest
from sqlalchemy import event

from tests.races.support import Till, begin, blocked
from tests.support import Person, Shop, assert_problem

COMMIT_WAITS = """
    CREATE FUNCTION wait_at_commit() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER wait_at_commit AFTER INSERT ON orders DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION wait_at_commit();
    SELECT pg_advisory_lock(1);
"""
ATTEMPT = "SELECT outcome, order_id IS NOT NULL AS ordered, voided_at IS NOT NULL AS voided FROM payment_attempts"
WAITING = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@pytest.fixture
async def buyer(live: Shop) -> Person:
    person = await live.person()
    await live.add_to_cart(person, await live.book())
    return person


@pytest.fixture
def connections(live: Shop) -> Iterator[list[Any]]:
    """The connections that the shop took from its pool meanwhile, the latest last."""
    engine = live.app.state.database.engine.sync_engine
    taken: list[Any] = []

    def note(connection: Any, *_: Any) -> None:
        taken.append(connection.driver_connection)

    event.listen(engine, "checkout", note)
    yield taken
    event.remove(engine, "checkout", note)


async def test_the_charge_of_an_order_that_was_committed_unheard_is_kept(
    live: Shop,
    buyer: Person,
    till: Till,
    raw: asyncpg.Connection,
    connections: list[Any],
    caplog: pytest.LogCaptureFixture,
):
    """PostgreSQL commits after the shop has lost it. The undo waits for that, and finds the order.

    Seen to fail when SQLSTATE 08003, by which the driver tells of it, was not taken for doubt: the charge of an order
    that stands was voided.
    """
    await raw.execute(COMMIT_WAITS)
    sale = begin(live.checkout(buyer, key="a"))
    await blocked(raw, sale)
    connections[-1].terminate()
    await blocked(raw, sale, sale)  # COMMIT, and the undo that asks what became of it
    await raw.execute("SELECT pg_advisory_unlock(1)")
    assert_problem(await sale, 503, "BUSY_TRY_AGAIN")
    assert till.voided == set()
    assert f"the answer to COMMIT was lost, but the order stands: charge {till.asked[0]} is kept" in caplog.messages
    assert [tuple(row) for row in await raw.fetch(ATTEMPT)] == [("approved", True, False)]
    retry = await live.checkout(buyer, key="a")
    assert (retry.status_code, retry.headers["idempotent-replayed"]) == (201, "true")


async def test_the_charge_of_an_order_that_was_never_committed_is_voided(
    live: Shop, buyer: Person, till: Till, raw: asyncpg.Connection
):
    """PostgreSQL ends the connection during COMMIT. Seen to fail when doubt always kept the charge."""
    await raw.execute(COMMIT_WAITS)
    sale = begin(live.checkout(buyer, key="a"))
    await blocked(raw, sale)
    await raw.execute("SELECT pg_terminate_backend($1)", await raw.fetchval(WAITING))
    assert_problem(await sale, 503, "BUSY_TRY_AGAIN")
    assert till.voided == set(till.asked)
    assert [tuple(row) for row in await raw.fetch(ATTEMPT)] == [("approved", False, True)]
    await raw.execute("SELECT pg_advisory_unlock(1)")
    assert (await live.checkout(buyer, key="a")).status_code == 201


async def test_a_decline_that_was_never_committed_is_on_record_and_nothing_is_voided(
    live: Shop, buyer: Person, till: Till, raw: asyncpg.Connection
):
    """No money moved. Seen to fail when every attempt was taken for one that may have taken some."""
    await raw.execute(COMMIT_WAITS.replace("ON orders", "ON payment_attempts"))
    till.declines = 1
    sale = begin(live.checkout(buyer))
    await blocked(raw, sale)
    await raw.execute("SELECT pg_terminate_backend($1)", await raw.fetchval(WAITING))
    await raw.execute("SELECT pg_advisory_unlock(1)")
    assert_problem(await sale, 503, "BUSY_TRY_AGAIN")
    assert till.voided == set()
    assert [tuple(row) for row in await raw.fetch(ATTEMPT)] == [("declined", False, False)]


async def test_a_checkout_cut_short_during_commit_keeps_the_charge_of_its_order(
    live: Shop, buyer: Person, till: Till, raw: asyncpg.Connection
):
    """The server is told to stop while COMMIT runs."""
    await raw.execute(COMMIT_WAITS)
    sale = begin(live.checkout(buyer))
    await blocked(raw, sale)
    sale.cancel()
    await raw.execute("SELECT pg_advisory_unlock(1)")
    with pytest.raises(asyncio.CancelledError):
        await sale
    ordered = await raw.fetchval("SELECT count(*) FROM orders")
    assert (till.voided == set()) == bool(ordered)
