"""GET /admin/export/*.csv."""

import asyncio
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError

from app.core.db import transaction
from app.core.db.transaction import SNAPSHOTS_AT_ONCE, Database
from tests.admin_exports.support import ask, exported
from tests.support import Person, Shop, assert_problem

FORMULAS = ['=HYPERLINK("http://evil.example","x")', "+1+1", "-2+3", "@SUM(A1)", "\tx", "\rx", '"=1+1"', " =1"]
NAMES = ("orders", "books", "movements")


@pytest.fixture
async def admin(live: Shop) -> Person:
    return await live.admin()


async def bought(live: Shop, buyer: Person, *books: tuple[int, int]) -> dict[str, Any]:
    for book_id, quantity in books:
        await live.add_to_cart(buyer, book_id, quantity)
    answer = await live.checkout(buyer)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_orders_have_a_row_a_line(live: Shop, admin: Person, raw: asyncpg.Connection):
    buyer = await live.person(email="ann@example.com")
    first = await live.book(
        title="Émile, or “Education”", author="J.-J. R.", price=Decimal("12.50"), isbn="9780060512750"
    )
    second = await live.book(title='Say "so"', price=Decimal("0.10"))
    early = await bought(live, buyer, (first, 2), (second, 3))
    late = await bought(live, buyer, (second, 1))
    reference = await raw.fetchval("SELECT payment_reference FROM orders WHERE id = $1", early["id"])
    rows = await exported(live, admin, "orders")
    assert rows[0] == {
        "order_id": str(early["id"]),
        "created_at": early["created_at"],
        "status": "confirmed",
        "buyer_email": "ann@example.com",
        "book_id": str(first),
        "isbn": "9780060512750",
        "title": "Émile, or “Education”",
        "author": "J.-J. R.",
        "quantity": "2",
        "unit_price": "12.50",
        "line_total": "25.00",
        "currency": "USD",
        "payment_reference": reference,
    }
    assert [(row["order_id"], row["title"], row["line_total"]) for row in rows[1:]] == [
        (str(early["id"]), 'Say "so"', "0.30"),
        (str(late["id"]), 'Say "so"', "0.10"),
    ]


async def test_orders_tell_what_was_bought_when_the_book_is_changed_or_gone(live: Shop, admin: Person):
    buyer = await live.person()
    book = await live.book(title="As it was", isbn="9780060512750")
    await bought(live, buyer, (book, 1))
    await live.client.put(f"/books/{book}", headers=admin.headers, json={"title": "As it is"})
    assert (await exported(live, admin, "orders"))[0]["title"] == "As it was"
    await live.client.delete(f"/books/{book}", headers=admin.headers)
    (row,) = await exported(live, admin, "orders")
    assert (row["title"], row["isbn"], row["book_id"]) == ("As it was", "9780060512750", "")


async def test_a_cancelled_order_says_so(live: Shop, admin: Person):
    buyer = await live.person()
    order = await bought(live, buyer, (await live.book(), 1))
    await live.client.post(f"/orders/{order['id']}/cancel", headers=buyer.headers)
    assert [row["status"] for row in await exported(live, admin, "orders")] == ["cancelled"]


async def test_books_have_a_row_each(live: Shop, admin: Person):
    genre = await live.genre("Poetry; prose")
    book = await live.book(
        title="Title",
        author="Author",
        price=Decimal("99999999.99"),
        isbn="9780060512750",
        genre_id=genre,
        description='Two\r\nlines, one "quote"',
        cover_image_url="https://covers.example/1.jpg?a=1,2",
        publish_date=date(1974, 5, 1),
        stock_quantity=7,
        weight_grams=310,
        tax_category="other",
    )
    bare = await live.book(title="Bare", stock_quantity=0)
    rows = await exported(live, admin, "books")
    assert [row["book_id"] for row in rows] == [str(book), str(bare)]
    assert {name: rows[0][name] for name in list(rows[0])[1:10]} == {
        "isbn": "9780060512750",
        "title": "Title",
        "author": "Author",
        "genre": "Poetry; prose",
        "price": "99999999.99",
        "stock_quantity": "7",
        "publish_date": "1974-05-01",
        "cover_image_url": "https://covers.example/1.jpg?a=1,2",
        "description": 'Two\r\nlines, one "quote"',
    }
    assert (rows[1]["isbn"], rows[1]["genre"], rows[1]["stock_quantity"]) == ("", "", "0")
    assert [(row["weight_grams"], row["tax_category"]) for row in rows] == [("310", "other"), ("", "book")]


async def test_movements_have_a_row_each(live: Shop, admin: Person):
    buyer = await live.person(email="ann@example.com")
    book = await live.book(title="Moved", stock_quantity=5, isbn="9780060512750")
    order = await bought(live, buyer, (book, 2))
    change = {"delta": -1, "reason": "=damaged, sadly"}
    await live.client.post(f"/books/{book}/stock/adjustments", headers=admin.headers, json=change)
    rows = await exported(live, admin, "movements")
    assert [
        (row["kind"], row["delta"], row["quantity_after"], row["reason"], row["order_id"], row["actor_email"])
        for row in rows
    ] == [
        ("opening", "5", "5", "", "", ""),
        ("sale", "-2", "3", "", str(order["id"]), "ann@example.com"),
        ("adjustment", "-1", "2", "'=damaged, sadly", "", admin.email),
    ]
    assert {(row["book_id"], row["book_title"], row["isbn"]) for row in rows} == {
        (str(book), "Moved", "9780060512750")
    }


async def test_no_text_is_a_formula(live: Shop, admin: Person):
    """Every text column that a stranger or a bad file can fill. Seen to fail without the apostrophes."""
    buyer = await live.person(email="=cmd@example.com")
    for formula in FORMULAS:
        genre = await live.genre(formula)
        columns = {"description": formula, "cover_image_url": formula, "genre_id": genre}
        book = await live.book(title=formula, author=formula, **columns)
        await bought(live, buyer, (book, 1))
    expected = [f"'{formula}" for formula in FORMULAS]
    orders, books, movements = [await exported(live, admin, name) for name in NAMES]
    for column in ("title", "author"):
        assert [row[column] for row in orders] == expected
    for column in ("title", "author", "genre", "description", "cover_image_url"):
        assert [row[column] for row in books] == expected
    assert [row["book_title"] for row in movements if row["kind"] == "opening"] == expected
    assert {row["buyer_email"] for row in orders} == {"'=cmd@example.com"}
    assert [row["delta"] for row in movements if row["kind"] == "sale"] == ["-1"] * len(FORMULAS)


@pytest.mark.parametrize("name", NAMES)
async def test_a_period_is_from_inclusive_to_exclusive(live: Shop, admin: Person, raw: asyncpg.Connection, name: str):
    buyer = await live.person()
    for day in (1, 2, 3):
        made = datetime(2026, 1, day, tzinfo=UTC)
        book = await live.book(title=f"Day {day}", created_at=made, stock_quantity=0)
        order = await raw.fetchval(
            "INSERT INTO orders (user_id, created_at) VALUES ($1, $2) RETURNING id", buyer.id, made
        )
        await raw.execute(
            "INSERT INTO order_items (order_id, book_id, quantity, unit_price, title) VALUES ($1, $2, 1, 1, $3)",
            order, book, f"Day {day}",
        )  # fmt: skip
        await raw.execute(
            "INSERT INTO stock_movements (book_id, book_title, delta, quantity_after, kind, created_at)"
            " VALUES ($1, $2, 1, 1, 'set', $3)",
            book, f"Day {day}", made,
        )  # fmt: skip

    async def days(**period: str) -> list[str]:
        rows = await exported(live, admin, name, **period)
        return [(row.get("title") or row["book_title"]).removeprefix("Day ") for row in rows]

    assert await days() == ["1", "2", "3"]
    assert await days(created_from="2026-01-02T00:00:00Z") == ["2", "3"]
    assert await days(created_to="2026-01-02") == ["1"]
    assert await days(created_from="2026-01-02T01:00:00+01:00", created_to="2026-01-03T00:00:00") == ["2"]
    assert await days(created_from="2027-01-01") == []


@pytest.mark.parametrize("name", NAMES)
async def test_the_file_has_a_dated_name_and_is_kept_by_no_cache(live: Shop, admin: Person, name: str):
    before = datetime.now(UTC).date()
    answer = await ask(live, admin, name)
    days = {before, datetime.now(UTC).date()}
    assert answer.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert answer.headers["content-disposition"] in {f'attachment; filename="{name}-{day}.csv"' for day in days}
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert answer.content.endswith(b"\r\n")


@pytest.mark.parametrize("name", NAMES)
async def test_only_staff_may_export(live: Shop, name: str):
    path = f"/admin/export/{name}.csv?created_from=nonsense"
    assert_problem(await live.client.get(path), 401, "HTTP_401")
    reader = await live.person()
    assert_problem(await live.client.get(path, headers=reader.headers), 403, "AUTH_FORBIDDEN")


@pytest.mark.parametrize("period", [{"created_from": "yesterday"}, {"created_to": "1"}, {"created_to": "2026-13-01"}])
async def test_a_period_that_is_none_is_422(live: Shop, admin: Person, period: dict[str, str]):
    answer = await ask(live, admin, "orders", **period)
    assert_problem(answer, 422, "VALIDATION_ERROR", next(iter(period)))


async def test_every_export_is_on_record(live: Shop, admin: Person, raw: asyncpg.Connection):
    await ask(live, admin, "orders", created_from="2026-01-01")
    row = await raw.fetchrow("SELECT actor_user_id, action, after FROM audit_events")
    assert (row["actor_user_id"], row["action"]) == (admin.id, "export.made")
    assert row["after"] == '{"to": null, "file": "orders", "from": "2026-01-01T00:00:00Z"}'


# the picture it is read from


async def test_a_snapshot_is_one_picture_that_is_only_read(live: Shop, raw: asyncpg.Connection):
    database: Database = live.app.state.database
    async with database.snapshot() as connection:
        shown = [
            (await connection.exec_driver_sql(f"SHOW {setting}")).scalar_one()
            for setting in ("transaction_isolation", "statement_timeout", "idle_in_transaction_session_timeout")
        ]
        assert shown == ["repeatable read", "0", "5min"]
        before = (await connection.exec_driver_sql("SELECT count(*) FROM books")).scalar_one()
        await live.book()
        assert (await connection.exec_driver_sql("SELECT count(*) FROM books")).scalar_one() == before
        with pytest.raises(DBAPIError, match="read-only"):
            await connection.exec_driver_sql("DELETE FROM books")


async def test_what_a_snapshot_sets_ends_with_it(live: Shop):
    database: Database = live.app.state.database
    async with database.snapshot() as connection:
        pid = (await connection.exec_driver_sql("SELECT pg_backend_pid()")).scalar_one()
    async with database.engine.connect() as connection:
        settings = "SELECT pg_backend_pid(), current_setting('transaction_isolation'), current_setting('transaction_read_only'), current_setting('statement_timeout')"
        assert tuple((await connection.exec_driver_sql(settings)).one()) == (pid, "read committed", "off", "15s")


async def test_only_so_many_are_read_at_once(live: Shop, admin: Person):
    """Or exports would take every connection of the shop. Seen to fail without the bound."""
    database: Database = live.app.state.database
    opened, leave = asyncio.Semaphore(0), asyncio.Event()

    async def reader() -> None:
        async with database.snapshot():
            opened.release()
            await leave.wait()

    readers = [asyncio.create_task(reader()) for _ in range(SNAPSHOTS_AT_ONCE)]
    for _ in readers:
        await opened.acquire()
    assert_problem(await ask(live, admin, "books"), 503, "BUSY_TRY_AGAIN")
    leave.set()
    await asyncio.gather(*readers)
    assert (await ask(live, admin, "books")).status_code == 200


async def test_no_connection_is_left_behind(live: Shop, admin: Person):
    for name in NAMES:
        await ask(live, admin, name)
    assert live.app.state.database.engine.pool.checkedout() == 0


async def test_a_database_out_of_reach_is_503_and_no_empty_file(
    live: Shop, admin: Person, monkeypatch: pytest.MonkeyPatch
):
    """Seen to fail when the transaction is opened by the first piece: the head, a 200, has gone by then."""
    monkeypatch.setattr(transaction, "_PATIENCE", "SELECT pg_terminate_backend(pg_backend_pid())")
    assert_problem(await ask(live, admin, "orders"), 503, "BUSY_TRY_AGAIN")
    assert live.app.state.database.engine.pool.checkedout() == 0


async def test_a_reader_who_falls_asleep_is_cut_off(live: Shop, monkeypatch: pytest.MonkeyPatch):
    """The time is that of the database; here it is short."""
    monkeypatch.setattr(
        transaction, "_PATIENCE", "SELECT set_config('idle_in_transaction_session_timeout', '50', true)"
    )
    database: Database = live.app.state.database

    async def doze() -> None:
        async with database.snapshot() as connection:
            for _ in range(100):
                await asyncio.sleep(0.1)
                await connection.exec_driver_sql("SELECT 1")

    with pytest.raises(DBAPIError):
        await doze()
