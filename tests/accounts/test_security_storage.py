"""How security events are stored: counted, bounded, guarded, purged, and never at the cost of an answer."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.security import repository
from app.accounts.security.client import Client, network_of
from app.accounts.security.keeping import PATIENCE_SECONDS, RefusalKeeper
from app.accounts.security.kinds import Kind
from app.accounts.security.note import SecurityNote
from app.accounts.security.repository import keep
from app.accounts.security.trail import purge_security_events
from app.admin.housekeeping import sweep
from app.core.db.engine import make_engine
from app.core.db.transaction import Database
from tests.accounts.security import FIREFOX, add_event, events, from_address, told
from tests.accounts.support import log_in, reader, signed_in, waiting
from tests.statements import statements
from tests.support import Person, Shop

HERE = Client(network_of("203.0.113.7"), "Firefox on Windows")
FORGED = {"Authorization": "Bearer forged"}


async def forge(shop: Shop, address: str = "203.0.113.7", agent: str = FIREFOX) -> None:
    async with from_address(shop, address, agent) as client:
        assert (await client.get("/auth/me", headers=FORGED)).status_code == 401


async def kept(shop: Shop, *notes: SecurityNote) -> None:
    async def work(session: AsyncSession) -> None:
        for note in notes:
            await keep(session, note)

    await shop.app.state.database.transaction(work)


async def test_what_is_the_same_within_a_minute_is_one_row_that_counts(live: Shop):
    for address in ("203.0.113.7", "203.0.113.8", "203.0.113.9"):
        await forge(live, address)
    [event] = await events(live)
    assert (event.times, event.last_at > event.created_at) == (3, True)


@pytest.mark.parametrize(
    "other",
    [
        lambda shop: forge(shop, "203.0.114.7"),
        lambda shop: forge(shop, agent="curl/8"),
        lambda shop: forge(shop, "2001:db8::1"),
    ],
)
async def test_what_differs_is_another_row(shop: Shop, other: Callable[[Shop], Awaitable[None]]):
    await forge(shop)
    await other(shop)
    assert [event.times for event in await events(shop)] == [1, 1]


async def test_what_was_the_same_a_minute_ago_is_another_row(shop: Shop):
    same = {"network": "203.0.113.0/24", "device": "Firefox on Windows", "detail": '{"reason": "not_ours"}'}
    await add_event(shop, Kind.ACCESS_TOKEN_REFUSED, then="now() - interval '1 minute'", **same)
    await forge(shop)
    assert [event.times for event in await events(shop)] == [1, 1]


async def test_an_hour_has_room_for_so_many_refusals_of_a_kind(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    """Seen to fail (7 rows) without the room."""
    monkeypatch.setattr(repository, "ROOM_OF_A_KIND", 3)
    await add_event(shop, Kind.ACCESS_TOKEN_REFUSED, then="now() - interval '1 hour'")
    for number in range(6):
        await forge(shop, f"203.0.{number}.7")
    rows = await events(shop)
    assert [event.times for event in rows] == [1, 1, 1, 1, 3]
    assert (rows[-1].network, rows[-1].device, rows[-1].request_id) == (None, None, None)
    assert rows[-1].detail == {"crowded": True}
    await shop.client.post("/auth/refresh", json={"refresh_token": "another kind"})
    assert (await events(shop))[-1].detail == {"reason": "unknown_token"}


async def test_a_crowd_of_strangers_does_not_push_out_what_is_about_accounts(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(repository, "ROOM_OF_A_KIND", 1)
    person = await shop.person()
    strangers = [SecurityNote(Kind.SIGN_IN_FAILED, client=Client(network_of(f"203.0.{n}.7"))) for n in range(3)]
    await kept(
        shop,
        *strangers,
        SecurityNote(Kind.SIGN_IN_FAILED, person.id),
        SecurityNote(Kind.SIGN_IN_FAILED, (await shop.person()).id),
    )
    assert await told(shop) == [
        ("sign_in_failed", None, {}),
        ("sign_in_failed", None, {"crowded": True}),
        ("sign_in_failed", person.id, {}),
    ]
    assert [event.times for event in await events(shop)] == [1, 3, 1]


async def test_of_what_comes_to_pass_each_account_has_its_room(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(repository, "ROOM_OF_AN_ACCOUNT", 2)
    monkeypatch.setattr(repository, "ROOM_OF_A_KIND", 1)
    busy, calm = await shop.person(), await shop.person()
    notes = [SecurityNote(Kind.SIGNED_IN, busy.id, client=Client(network_of(f"203.0.{n}.7"))) for n in range(4)]
    await kept(shop, *notes, SecurityNote(Kind.SIGNED_IN, calm.id, client=HERE))
    assert await told(shop) == [
        ("signed_in", busy.id, {}),
        ("signed_in", busy.id, {}),
        ("signed_in", busy.id, {"crowded": True}),
        ("signed_in", calm.id, {}),
    ]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE security_events SET kind = 'signed_in'",
        "UPDATE security_events SET user_id = NULL",
        "UPDATE security_events SET times = times - 1",
        "UPDATE security_events SET times = times + 1, last_at = last_at - interval '1 second'",
        "UPDATE security_events SET times = times + 1, network = NULL",
        "DELETE FROM security_events",
    ],
)
async def test_rows_are_neither_changed_nor_deleted(live: Shop, raw: asyncpg.Connection, statement: str):
    await add_event(live, Kind.SIGN_IN_FAILED, user_id=(await live.person()).id, network="203.0.113.0/24", times=2)
    with pytest.raises(asyncpg.RestrictViolationError, match="append-only"):
        await raw.execute(statement)


@pytest.mark.parametrize(
    "network", ["203.0.113.7/32", "203.0.113.0/25", "203.0.0.0/16", "2001:db8::/64", "2001:db8::1"]
)
async def test_the_database_takes_no_address_in_full(live: Shop, raw: asyncpg.Connection, network: str):
    with pytest.raises(asyncpg.CheckViolationError, match="network_shortened"):
        await raw.execute("INSERT INTO security_events (kind, network) VALUES ('x', $1)", network)


async def test_what_is_older_than_its_days_is_purged_in_batches(live: Shop, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(repository, "PURGE_BATCH", 2)
    for days in (5, 4, 3, 2, 1):
        await add_event(live, Kind.SIGNED_IN, then=f"now() - interval '{days} days 1 minute'")
    database: Database = live.app.state.database

    async def purge(session: AsyncSession) -> int:
        return await purge_security_events(session, 2)

    oldest = [event.id for event in await events(live)][:2]
    assert await database.transaction(purge) == 2
    assert not set(oldest) & {event.id for event in await events(live)}
    assert [await database.transaction(purge) for _ in range(2)] == [2, 0]
    assert len(await events(live)) == 1


async def test_the_housekeeping_knows_the_days_of_the_settings(live: Shop):
    for days in (31, 29):
        await add_event(live, Kind.SIGNED_IN, then=f"now() - interval '{days} days'")
    settings = live.app.state.settings
    assert await sweep(live.app.state.database, settings) == 0
    assert await sweep(live.app.state.database, settings.model_copy(update={"security_events_days": 30})) == 1


async def test_known_and_unknown_accounts_take_the_same_statements(live: Shop):
    """Seen to fail with unknown addresses left unnoted."""
    work = []
    for person in (await reader(live), None):
        with statements() as seen:
            await log_in(live.client, person.email if person else "nobody@example.com", "wrong horse battery")
        work.append(seen)
    assert work[0] == work[1]
    assert "bookstore_note_security_event" in work[0][-1]


async def nobody_waits(raw: asyncpg.Connection) -> None:
    """Return once what was given up has gone from the server as well."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    while await raw.fetchval(query):
        await raw.execute("SELECT pg_sleep(0.01), pg_stat_clear_snapshot()")


async def refused(shop: Shop, person: Person) -> int:
    answer = await log_in(shop.client, person.email, "wrong horse battery")
    return answer.status_code


async def test_an_event_that_cannot_be_stored_changes_no_answer(
    live: Shop, raw: asyncpg.Connection, caplog: pytest.LogCaptureFixture
):
    """Seen to fail (500) without the net around the storing, and (503, after five seconds) without its patience."""
    person = await reader(live)
    async with raw.transaction():
        await raw.execute("LOCK TABLE security_events")
        async with asyncio.timeout(8 * PATIENCE_SECONDS):
            assert await refused(live, person) == 401
        await nobody_waits(raw)
    await raw.execute("DROP FUNCTION bookstore_note_security_event")
    assert await refused(live, person) == 401
    assert await told(live) == []
    assert caplog.text.count("security events may stand in the log alone") == 2
    assert caplog.text.count("event=sign_in_failed") == 2


async def test_a_table_that_is_locked_for_a_while_holds_nobody_up_and_nothing_is_lost_of_the_pool(
    live: Shop, raw: asyncpg.Connection
):
    pool = live.app.state.database.engine.pool
    await forge(live)
    before = pool.checkedout()
    async with raw.transaction():
        await raw.execute("LOCK TABLE security_events")
        async with asyncio.timeout(8 * PATIENCE_SECONDS):
            await asyncio.gather(*(forge(live, f"203.0.{number}.7") for number in range(30)))
        await nobody_waits(raw)
    assert pool.checkedout() <= before
    for number in range(30):
        await forge(live, f"198.51.{number}.7")
    assert len(await events(live)) == 31


async def test_a_refusal_is_stored_without_a_second_connection(live: Shop, database_url: str):
    """Seen to fail (none is stored) with the event written while the request still has its connection."""
    person = await reader(live)
    one = live.app.state.settings.model_copy(update={"db_pool_size": 1, "db_max_overflow": 0})
    engine = make_engine(database_url, one)
    live.app.state.database = Database(engine)
    await refused(live, person)
    await live.client.get("/admin/orders", headers=person.headers)
    await live.client.post("/auth/refresh", json={"refresh_token": "unknown"})
    kinds = [kind for kind, *_ in await told(live)]
    assert kinds == ["sign_in_failed", "admin_operation_refused", "refresh_refused"]
    await engine.dispose()


async def test_equal_refusals_that_wait_are_stored_together(live: Shop, raw: asyncpg.Connection):
    """Seen to fail (10 statements) without the gathering."""
    keeper, note = RefusalKeeper(), SecurityNote(Kind.FORM_REFUSED, client=HERE)
    await keeper.keep(live.app.state.database, note)
    with statements() as seen:
        async with raw.transaction():
            await raw.execute("SELECT FROM security_events FOR UPDATE")
            first = asyncio.create_task(keeper.keep(live.app.state.database, note))
            await waiting(raw, 1)
            others = [asyncio.create_task(keeper.keep(live.app.state.database, note)) for _ in range(9)]
            await asyncio.sleep(0)
        await asyncio.gather(first, *others)
    assert sum("bookstore_note_security_event" in statement for statement in seen) == 2
    assert [event.times for event in await events(live)] == [11]


async def test_events_stored_at_once_are_all_counted(live: Shop):
    await asyncio.gather(*(forge(live, f"203.0.113.{number}") for number in range(20)))
    assert sum(event.times for event in await events(live)) == 20


async def test_simultaneous_sign_ins_of_an_account_are_all_counted(live: Shop):
    person = await reader(live)
    answers: list[Any] = await asyncio.gather(*(signed_in(live, person) for _ in range(4)))
    assert len(answers) == sum(event.times for event in await events(live)) == 4
