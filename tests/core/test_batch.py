"""A batch is sent in one statement by whoever made it, and never forgotten."""

from collections.abc import Awaitable, Callable

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.config import Settings
from app.core.db.batch import Batch
from app.core.db.engine import make_engine
from app.core.db.transaction import Database, undo_unless_committed
from app.core.errors import TryAgain
from tests.orders.support import sold
from tests.statements import statements
from tests.support import Shop

RENAME = "UPDATE books SET title = $1 WHERE id = $2"
PRICE = "UPDATE books SET price = $2 WHERE id = $1"


class Kept(TryAgain):
    detail = "Kept."
    keeps_changes = True


async def title(raw: asyncpg.Connection, book: int) -> str:
    return await raw.fetchval("SELECT title FROM books WHERE id = $1", book)


async def test_all_of_it_runs_in_one_statement_each_with_its_own_values(live: Shop, raw: asyncpg.Connection):
    """Seen to fail when values were not renumbered."""
    first, second = await live.book(), await live.book()

    async def work(session: AsyncSession) -> None:
        batch = Batch(session)
        batch.add(RENAME, "One", first)
        batch.add(RENAME, "Two", second)
        batch.add("DELETE FROM carts")
        await batch.send()

    with statements() as seen:
        await live.app.state.database.transaction(work)
    assert len(seen) == 1
    assert [await title(raw, book) for book in (first, second)] == ["One", "Two"]


async def test_what_is_added_after_sending_is_sent_the_next_time(live: Shop, raw: asyncpg.Connection):
    """Once: seen to fail (two statements for one) when the batch kept what it had sent."""
    book = await live.book()

    async def work(session: AsyncSession) -> None:
        batch = Batch(session)
        await batch.send()
        batch.add(RENAME, "One", book)
        await batch.send()
        batch.add(PRICE, book, 3)
        await batch.send()

    with statements() as seen:
        await live.app.state.database.transaction(work)
    assert [statement.count("UPDATE") for statement in seen] == [1, 1]
    assert tuple(await raw.fetchrow("SELECT title, price FROM books")) == ("One", 3)


@pytest.fixture(params=["readers", "plain"])
async def database(request: pytest.FixtureRequest, database_url: str, settings: Settings):
    engine = make_engine(database_url, settings)
    database = Database(engine, with_autocommit=request.param == "readers")
    yield database
    await database.aclose()


@pytest.mark.parametrize("run", [Database.transaction, Database.reading])
async def test_a_batch_that_was_not_sent_is_refused_and_nothing_else_is_kept(
    live: Shop, raw: asyncpg.Connection, database: Database, run: Callable[..., Awaitable[None]]
):
    """Seen to fail (the change was forgotten) without `refuse_unsent` in each of the three places."""
    book, undone = await live.book(title="As it was"), []

    async def undo() -> None:
        undone.append(book)

    async def work(session: AsyncSession) -> None:
        undo_unless_committed(session, "charge", undo)
        sent, forgotten = Batch(session), Batch(session)
        if run is Database.transaction:
            sent.add(RENAME, "Sent", book)
            await sent.send()
        forgotten.add(RENAME, "Forgotten", book)
        forgotten.add(PRICE, book, 3)

    with pytest.raises(AssertionError, match=r"^2 statements of a batch were never sent$"):
        await run(database, work)
    assert await title(raw, book) == "As it was"
    assert undone == ([book] if run is Database.transaction else [])


async def test_a_refusal_that_keeps_its_changes_does_not_forget_a_batch_either(live: Shop, database: Database):
    async def work(session: AsyncSession) -> None:
        Batch(session).add(RENAME, "Forgotten", 1)
        raise Kept

    with pytest.raises(AssertionError, match="1 statements"):
        await database.transaction(work)


async def test_a_rollback_needs_no_batch(live: Shop, raw: asyncpg.Connection, database: Database):
    """What was not sent is meant to be lost then."""
    book = await live.book(title="As it was")

    async def work(session: AsyncSession) -> None:
        Batch(session).add(RENAME, "Forgotten", book)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await database.transaction(work)
    assert await title(raw, book) == "As it was"


@pytest.mark.parametrize("key", [None, "a"])
async def test_checkout_sends_what_it_has_to_write_besides_in_one_statement(live: Shop, key: str | None):
    """The charge, the emptied cart, the mail and the answer under the key. A decline: the charge and its key."""
    person = await live.person()
    await sold(live, person)
    await live.add_to_cart(person, await live.book())
    with statements() as declined:
        assert (await live.checkout(person, key=key, force_payment_failure=True)).status_code == 402
    with statements() as bought:
        assert (await live.checkout(person, key=key)).status_code == 201
    parts = [[query.count("part_") for query in seen if "part_" in query] for seen in (declined, bought)]
    assert parts == ([[1], [4]] if key is None else [[2], [5]])
    assert (len(declined), len(bought)) == ((6, 7) if key is None else (7, 8)), (
        "with the account, the key's claim, settings and delivery"
    )
