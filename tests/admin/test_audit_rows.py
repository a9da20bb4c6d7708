"""Every action of staff leaves a row of the audit trail, in its own transaction; what changes nothing leaves none."""

from typing import Any

import pytest
from httpx2 import Response

from app.core.config import Settings
from app.main import create_app
from tests.admin.actions import ACTIONS, ISBN, SHOWN_ELSEWHERE, TWICE_IS_ONCE
from tests.admin.support import by_command, trail
from tests.orders.support import sold
from tests.support import Person, Shop, assert_problem

STATE = """
    SELECT (SELECT json_agg(b ORDER BY b.id) FROM books b)::text, (SELECT json_agg(g ORDER BY g.id) FROM genres g)::text,
           (SELECT json_agg(o ORDER BY o.id) FROM orders o)::text, (SELECT json_agg(u ORDER BY u.id) FROM users u)::text,
           (SELECT json_agg(m ORDER BY m.id) FROM email_outbox m)::text,
           (SELECT json_agg(r ORDER BY r.id) FROM reviews r)::text, (SELECT count(*) FROM stock_movements),
           (SELECT count(*) FROM order_events), (SELECT count(*) FROM payment_refunds)
"""


@pytest.fixture
async def admin(shop: Shop) -> Person:
    return await shop.admin()


async def do(shop: Shop, admin: Person, operation: str, path: str, body: dict[str, Any] | None) -> Response:
    return await shop.client.request(operation.split(maxsplit=1)[0], path, headers=admin.headers, json=body)


def test_every_operation_by_which_staff_write_is_accounted_for(settings: Settings):
    """Seen to fail with `POST /genres` taken out of the list. What the document calls staff's can answer AUTH_FORBIDDEN."""
    operations = {
        f"{method.upper()} {path}": operation
        for path, of_path in create_app(settings).openapi()["paths"].items()
        for method, operation in of_path.items()
    }
    writing = {
        name
        for name, operation in operations.items()
        if not name.startswith("GET ") and "AUTH_FORBIDDEN" in str(operation["responses"].get("403"))
    }
    known = ACTIONS.keys() | SHOWN_ELSEWHERE.keys()
    assert len(writing) >= 10
    assert writing - known == set()
    assert known - operations.keys() == set()


@pytest.mark.parametrize("operation", ACTIONS)
async def test_an_action_of_staff_leaves_one_row(shop: Shop, admin: Person, operation: str):
    """Seen to fail for each operation with its call of `record` taken out."""
    action, prepare = ACTIONS[operation]
    answer = await do(shop, admin, operation, *await prepare(shop))
    assert answer.status_code < 300, answer.text
    [row] = await trail(shop)
    assert (row.actor_user_id, row.actor_email, row.action) == (admin.id, admin.email, action)
    assert row.subject == action.split(".")[0]
    assert row.subject_id is not None
    assert row.before or row.after


@pytest.mark.parametrize("operation", ACTIONS)
async def test_no_action_without_its_row(shop: Shop, admin: Person, operation: str):
    """Where the trail cannot be written, nothing is changed: both are one transaction."""
    _, prepare = ACTIONS[operation]
    path, body = await prepare(shop)
    await shop.rows("ALTER TABLE audit_events ADD CONSTRAINT broken CHECK (false) NOT VALID")
    before = await shop.rows(STATE)
    assert_problem(await do(shop, admin, operation, path, body), 500, "INTERNAL_ERROR")
    assert await shop.rows(STATE) == before


@pytest.mark.parametrize("operation", TWICE_IS_ONCE)
async def test_what_is_so_already_leaves_no_second_row(shop: Shop, admin: Person, operation: str):
    request = await ACTIONS[operation][1](shop)
    for _ in range(2):
        assert (await do(shop, admin, operation, *request)).status_code == 200
    assert len(await trail(shop)) == 1


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/books/{book}", {}),
        ("PUT", "/books/{book}", {"title": "A Book", "price": "10"}),
        ("PUT", "/books/{book}", {"genre_id": 2_147_483_646}),
        ("PUT", "/books/{book}", {"isbn": ISBN}),
        ("PUT", "/books/2147483646", {"title": "X"}),
        ("POST", "/books", {"title": "X", "author": "X", "price": "1", "isbn": ISBN}),
        ("POST", "/books", {"title": "X", "author": "X", "price": "1", "genre_id": 2_147_483_646}),
        ("DELETE", "/books/2147483646", None),
        ("POST", "/genres", {"name": "Prose"}),
        ("PATCH", "/books/{book}/stock", {"quantity": 10, "reason": "As before"}),
        ("POST", "/books/{book}/stock/adjustments", {"delta": -11, "reason": "Too many"}),
        ("PATCH", "/admin/users/{admin}/deactivate", None),
        ("PATCH", "/admin/users/{admin}/reactivate", None),
        ("POST", "/admin/orders/2147483646/cancel", {"reason": "X"}),
    ],
)
async def test_what_changes_nothing_or_is_refused_leaves_no_row(
    shop: Shop, admin: Person, method: str, path: str, body: dict[str, Any] | None
):
    book = await shop.book()
    await shop.book(isbn=ISBN)
    await shop.genre("Prose")
    answer = await do(shop, admin, method, path.format(book=book, admin=admin.id), body)
    assert answer.status_code != 500
    assert await trail(shop) == []


async def test_buyers_leave_no_rows(shop: Shop):
    buyer = await shop.person()
    order = await sold(shop, buyer)
    assert (await shop.client.post(f"/orders/{order['id']}/cancel", headers=buyer.headers)).status_code == 200
    assert await trail(shop) == []


async def before_and_after(shop: Shop, admin: Person, operation: str) -> tuple[Any, Any]:
    assert (await do(shop, admin, operation, *await ACTIONS[operation][1](shop))).status_code < 300
    [row] = await trail(shop)
    return row.before, row.after


async def test_of_a_changed_book_only_what_changed_is_told(shop: Shop, admin: Person):
    told = await before_and_after(shop, admin, "PUT /books/{book_id}")
    assert told == ({"title": "Old", "price": "10.00"}, {"title": "New", "price": "12.50"})


async def test_a_new_and_a_removed_book_are_told_whole(shop: Shop, admin: Person):
    before, after = await before_and_after(shop, admin, "POST /books")
    assert before is None
    assert (after["title"], after["price"], after["isbn"], after["stock_quantity"]) == ("New", "9.50", ISBN, 0)
    book = (await trail(shop))[0].subject_id
    await shop.client.delete(f"/books/{book}", headers=admin.headers)
    removed = (await trail(shop))[1]
    assert (removed.subject_id, removed.before, removed.after) == (book, after, None)


async def test_what_is_left_when_a_book_goes_is_told(shop: Shop, admin: Person):
    before, _ = await before_and_after(shop, admin, "DELETE /books/{book_id}")
    assert before["stock_quantity"] == 3


async def test_stock_is_told_with_kind_and_reason(shop: Shop, admin: Person):
    told = await before_and_after(shop, admin, "PATCH /books/{book_id}/stock")
    assert told == ({"stock_quantity": 3}, {"stock_quantity": 5, "kind": "set", "reason": "Stocktaking"})


async def test_an_adjustment_likewise(shop: Shop, admin: Person):
    told = await before_and_after(shop, admin, "POST /books/{book_id}/stock/adjustments")
    assert told == ({"stock_quantity": 3}, {"stock_quantity": 2, "kind": "adjustment", "reason": "Damaged"})


async def test_a_cancellation_is_told_with_its_reason(shop: Shop, admin: Person):
    told = await before_and_after(shop, admin, "POST /admin/orders/{order_id}/cancel")
    assert told == ({"status": "confirmed"}, {"status": "cancelled", "reason": "Damaged"})


async def test_accounts_are_told_by_what_changed(shop: Shop, admin: Person):
    told = await before_and_after(shop, admin, "PATCH /admin/users/{user_id}/deactivate")
    assert told == ({"is_active": True}, {"is_active": False})


async def test_a_promotion_and_a_demotion_are_the_operators(shop: Shop, admin: Person):
    person = await shop.person()
    for change in ("promote", "promote", "demote", "demote"):
        await by_command(shop, change, person.email)
    assert await trail(shop) == [
        (None, None, "user.promoted", "user", person.id, {"role": "user"}, {"role": "admin"}),
        (None, None, "user.demoted", "user", person.id, {"role": "admin"}, {"role": "user"}),
    ]


async def test_the_rows_stand_when_the_account_goes(shop: Shop, admin: Person):
    await before_and_after(shop, admin, "POST /genres")
    await shop.rows("DELETE FROM users WHERE id = :id", id=admin.id)
    [row] = await trail(shop)
    assert (row.actor_user_id, row.actor_email) == (None, admin.email)
