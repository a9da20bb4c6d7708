"""Reviewers, staff and buyers at once: figures stay exact, nobody gets a 5xx, nobody waits in a circle."""

import asyncio
import random
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
import pytest
from httpx2 import Response
from sqlalchemy import event
from sqlalchemy.engine import ExceptionContext

from app.core.db.failures import sqlstate
from tests.catalog.support import change as change_book
from tests.catalog.support import delete as delete_book
from tests.races.support import begin, blocked, outcomes
from tests.reviews.support import bought, buyer, change, delete, delete_all, figures, review, written, wrong_figures
from tests.support import Person, Shop, assert_problem

LOCK = "SELECT FROM books WHERE id = $1 FOR UPDATE"


@contextmanager
def deadlocks_of(shop: Shop) -> Iterator[list[str]]:
    """The deadlocks that the shop runs into meanwhile, repeated or not."""
    engine = shop.app.state.database.engine.sync_engine
    seen: list[str] = []

    def note(context: ExceptionContext) -> None:
        error = context.sqlalchemy_exception
        if error is not None and sqlstate(error) == "40P01":
            seen.append(str(context.statement))

    event.listen(engine, "handle_error", note)
    yield seen
    event.remove(engine, "handle_error", note)


async def test_of_two_reviews_by_one_reader_one_counts(live: Shop, raw: asyncpg.Connection):
    """Seen to fail (500) with ON CONFLICT DO NOTHING taken out."""
    book = await live.book()
    author = await buyer(live, book)
    async with raw.transaction():
        await raw.execute(LOCK, book)
        tasks = [begin(review(live, author, book, rating=rating)) for rating in (1, 5)]
        await blocked(raw, *tasks)
    won, lost = sorted(await asyncio.gather(*tasks), key=lambda answer: answer.status_code)
    assert won.status_code == 201
    body = assert_problem(lost, 409, "DUPLICATE_REVIEW")
    assert body["existing_review_id"] == won.json()["id"]
    assert await figures(live, book) == (won.json()["rating"], 1)


async def test_the_unique_index_alone_keeps_one_review_a_reader(live: Shop, raw: asyncpg.Connection):
    """The other writer does not lock the book first. Seen to fail (two reviews) with the index dropped."""
    book = await live.book()
    author = await buyer(live, book)
    async with raw.transaction():
        await raw.execute("INSERT INTO reviews (user_id, book_id, rating) VALUES ($1, $2, 1)", author.id, book)
        task = begin(review(live, author, book, rating=5))
        await blocked(raw, task)
    assert_problem(await task, 409, "DUPLICATE_REVIEW")
    assert await figures(live, book) == (1.0, 1)


async def test_many_reviewers_of_one_book_all_count(live: Shop):
    """Seen to fail (figures too small) with triggers that write what they read instead of adding to it."""
    book = await live.book()
    authors = [await buyer(live, book) for _ in range(20)]
    answers = await asyncio.gather(
        *(review(live, author, book, rating=1 + number % 5) for number, author in enumerate(authors))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert await figures(live, book) == (3.0, 20)
    ids = [answer.json()["id"] for answer in answers]
    changing = (change(live, author, number, rating=5) for author, number in zip(authors[:10], ids, strict=False))
    deleting = (delete(live, author, number) for author, number in zip(authors[10:], ids[10:], strict=True))
    await asyncio.gather(*changing, *deleting)
    assert await figures(live, book) == (5.0, 10)
    assert await wrong_figures(live) == []


async def test_a_review_is_deleted_once(live: Shop, raw: asyncpg.Connection):
    """Seen to fail (two 204) with `deleted_at IS NULL` taken out of the deletion."""
    author, admin, book = await live.person(), await live.admin(), await live.book()
    review_id = await written(live, book, author=author)
    async with raw.transaction():
        await raw.execute(LOCK, book)
        tasks = [begin(delete(live, person, review_id)) for person in (author, author, admin)]
        await blocked(raw, *tasks)
    answers = await asyncio.gather(*tasks)
    assert sorted(answer.status_code for answer in answers) == [204, 404, 404]
    by_staff = answers[2].status_code == 204
    assert await live.scalar("SELECT count(*) FROM audit_events") == int(by_staff)
    assert await figures(live, book) == (None, 0)


@pytest.mark.parametrize("first", ["author", "staff"])
async def test_staff_count_only_what_they_deleted(live: Shop, raw: asyncpg.Connection, first: str):
    """Seen to fail (3 and 204) with `deleted_at IS NULL` taken out of the deletion."""
    author, admin, book = await live.person(), await live.admin(), await live.book()
    own = await written(live, book, 1, author=author)
    doomed = [own, await written(live, book), await written(live, book)]
    kept = await written(live, book, 5)
    async with raw.transaction():
        await raw.execute(LOCK, book)
        requests = {"author": lambda: delete(live, author, own), "staff": lambda: delete_all(live, admin, doomed)}
        leading = begin(requests.pop(first)())
        await blocked(raw, leading)
        following = begin(requests.popitem()[1]())
        await blocked(raw, leading, following)
    answers = await asyncio.gather(leading, following)
    by_author, by_staff = answers if first == "author" else answers[::-1]
    if first == "author":
        assert (by_author.status_code, by_staff.json()) == (204, {"deleted_count": 2})
    else:
        assert_problem(by_author, 404, "REVIEW_NOT_FOUND")
        assert by_staff.json() == {"deleted_count": 3}
    assert await live.scalar("SELECT count(*) FROM audit_events") == by_staff.json()["deleted_count"]
    assert await live.rows("SELECT id FROM reviews WHERE deleted_at IS NULL") == [(kept,)]
    assert await figures(live, book) == (5.0, 1)


async def test_two_members_of_staff_count_each_review_once(live: Shop):
    """Seen to fail (30) with `deleted_at IS NULL` taken out of the deletion."""
    admins = [await live.admin() for _ in range(3)]
    books = [await live.book() for _ in range(3)]
    ids = [await written(live, book) for book in books for _ in range(5)]
    answers = await asyncio.gather(
        *(delete_all(live, admin, random.sample(ids, len(ids))) for admin in admins),
    )
    assert sum(answer.json()["deleted_count"] for answer in answers) == len(ids)
    assert await wrong_figures(live) == []


async def test_a_book_that_goes_meanwhile_is_404(live: Shop, raw: asyncpg.Connection):
    """Seen to fail (500) with the answer for a vanished book taken out."""
    admin, book = await live.admin(), await live.book()
    author, other = await buyer(live, book), await buyer(live, book)
    review_id = await written(live, book, author=author)
    async with raw.transaction():
        await raw.execute(LOCK, book)
        tasks = [
            begin(review(live, other, book)),
            begin(change(live, author, review_id, rating=1)),
            begin(delete(live, author, review_id)),
            begin(delete(live, admin, review_id)),
            begin(delete_all(live, admin, [review_id])),
        ]
        await blocked(raw, *tasks)
        await raw.execute("DELETE FROM books WHERE id = $1", book)
    created, *others, bulk = await asyncio.gather(*tasks)
    assert_problem(created, 404, "BOOK_NOT_FOUND", "book_id")
    for answer in others:
        assert_problem(answer, 404, "REVIEW_NOT_FOUND")
    assert (bulk.status_code, bulk.json()) == (200, {"deleted_count": 0})


async def test_whoever_waits_for_a_book_holds_no_review_of_it(
    live: Shop, raw: asyncpg.Connection, gate: asyncpg.Connection
):
    """So that a removal of the book, which holds it and waits for its reviews, never waits in a circle.

    Seen to fail (the review is locked) with the lock of the books taken out of change and deletion.
    """
    admin, author, book = await live.admin(), await live.person(), await live.book()
    review_id = await written(live, book, author=author)
    for request in (
        change(live, author, review_id, rating=1),
        delete(live, author, review_id),
        delete_all(live, admin, [review_id]),
    ):
        async with raw.transaction():
            await raw.execute(LOCK, book)
            task = begin(request)
            await blocked(raw, task)
            await gate.execute("SELECT FROM reviews WHERE id = $1 FOR UPDATE NOWAIT", review_id)
        assert (await task).status_code < 500


@pytest.mark.parametrize("writer", ["shop", "SQL"])
async def test_books_are_locked_by_ascending_id(
    live: Shop, raw: asyncpg.Connection, gate: asyncpg.Connection, writer: str
):
    """As checkout locks them. Seen to fail with the order turned round in the deletion, or in the triggers."""
    admin = await live.admin()
    low, high = await live.book(), await live.book()
    ids = [await written(live, book) for book in (high, low)]
    await raw.execute("UPDATE books SET title = 'Lies behind the other now' WHERE id = $1", low)
    async with raw.transaction():
        await raw.execute(LOCK, low)
        if writer == "shop":
            task = asyncio.create_task(delete_all(live, admin, ids))
        else:
            task = asyncio.create_task(live.rows("UPDATE reviews SET deleted_at = now()"))  # type: ignore[arg-type]
        await blocked(raw, task)
        await gate.execute(f"{LOCK} NOWAIT", high)
    await task
    assert await live.scalar("SELECT count(*) FROM reviews WHERE deleted_at IS NULL") == 0
    assert await wrong_figures(live) == []


async def cancel(shop: Shop, person: Person, order: int) -> Response:
    return await shop.client.post(f"/orders/{order}/cancel", headers=person.headers)


@pytest.mark.parametrize("first", ["review", "cancellation"])
async def test_a_purchase_that_is_cancelled_meanwhile_leaves_no_review_in_the_figures(
    live: Shop, raw: asyncpg.Connection, first: str
):
    """Seen to fail (201) without the second look at the purchase, and (a rating) without the trigger on orders."""
    book = await live.book()
    author = await live.person()
    order = await bought(live, author, book)
    async with raw.transaction():
        await raw.execute(LOCK, book)
        requests = {"review": lambda: review(live, author, book), "cancellation": lambda: cancel(live, author, order)}
        leading = begin(requests.pop(first)())
        await blocked(raw, leading)
        following = begin(requests.popitem()[1]())
        await blocked(raw, leading, following)
    answers = await asyncio.gather(leading, following)
    reviewed, cancelled = answers if first == "review" else answers[::-1]
    assert cancelled.status_code == 200
    if first == "review":
        assert reviewed.status_code == 201
    else:
        assert_problem(reviewed, 403, "NOT_PURCHASED", "book_id")
    assert await figures(live, book) == (None, 0)
    assert await wrong_figures(live) == []


@pytest.mark.parametrize("first", ["review", "cancellation"])
async def test_the_triggers_alone_keep_what_counts(
    live: Shop, raw: asyncpg.Connection, gate: asyncpg.Connection, first: str
):
    """Two who write by SQL: the later waits for the earlier, and sees what it did.

    Seen to fail (a rating of a cancelled purchase) without the locks of books in the triggers on orders and reviews.
    """
    book, author = await live.book(), await live.person()
    order = await bought(live, author, book)
    statements = {
        "review": ("INSERT INTO reviews (user_id, book_id, rating) VALUES ($1, $2, 1)", author.id, book),
        "cancellation": ("UPDATE orders SET status = 'cancelled' WHERE id = $1", order),
    }
    async with raw.transaction():
        await raw.execute(*statements.pop(first))
        later = asyncio.create_task(gate.execute(*statements.popitem()[1]))
        await blocked(raw, later)
        assert not later.done()
    await later
    assert await figures(live, book) == (None, 0)
    assert await wrong_figures(live) == []


async def test_whoever_settles_what_counts_locks_the_book_before_the_review(
    live: Shop, raw: asyncpg.Connection, gate: asyncpg.Connection
):
    """As all who move figures do. Seen to fail (the review is locked) without the lock of the function that settles."""
    book, author = await live.book(), await live.person()
    await bought(live, author, book, status="cancelled")
    review_id = await written(live, book, author=author)
    async with raw.transaction():
        await raw.execute("SELECT FROM books WHERE id = $1 FOR NO KEY UPDATE", book)
        task = asyncio.create_task(bought(live, author, book))
        await blocked(raw, task)
        await gate.execute("SELECT FROM reviews WHERE id = $1 FOR UPDATE NOWAIT", review_id)
    await task
    assert await figures(live, book) == (4.0, 1)


async def test_everybody_at_once(live: Shop):
    """Seen to fail (deadlocks) with the locks of the books taken out of the repository."""
    admin, chance = await live.admin(), random.Random(7)
    books, doomed = [await live.book(stock_quantity=100) for _ in range(5)], await live.book()
    everything = [*books, doomed]
    ids = [await written(live, book, 1 + number) for number in range(5) for book in everything]
    authors = [await live.person() for _ in range(6)]
    orders = [await bought(live, author, *everything) for author in authors]
    buying = [await live.person() for _ in range(6)]
    for person in buying:
        for book in chance.sample(books, 4):
            await live.add_to_cart(person, book)
    requests = [
        *(delete_all(live, admin, chance.sample(ids, 12)) for _ in range(6)),
        *(review(live, author, book) for author in authors for book in chance.sample(everything, 3)),
        *(cancel(live, author, order) for author, order in zip(authors[:3], orders, strict=False)),
        *(live.checkout(person) for person in buying),
        *(change_book(live, admin, book, title="New") for book in books),
        *(delete(live, admin, number) for number in chance.sample(ids, 6)),
        delete_book(live, admin, doomed),
    ]
    chance.shuffle(requests)
    with deadlocks_of(live) as deadlocks:
        answers = await asyncio.gather(*requests)
    assert set(outcomes([answer for answer in answers if answer.content])) <= {
        "200",
        "201",
        "BOOK_NOT_FOUND",
        "NOT_PURCHASED",
        "REVIEW_NOT_FOUND",
    }
    assert deadlocks == []
    assert await wrong_figures(live) == []
