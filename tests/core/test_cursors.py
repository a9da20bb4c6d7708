"""The seal of cursors: nobody else makes one, and whatever stands in one is refused in the same way."""

import hmac
import json
from base64 import urlsafe_b64encode
from typing import Any

import pytest

from app.catalog.query import BookQuery
from app.catalog.sorting import ORDERS
from app.core.errors import InvalidRequest
from app.core.keys import KeyRing, Keys
from app.core.paging import Cursors
from tests.support import Shop, assert_problem

NOW, BEFORE = "a secret of the tests that is long enough", "the secret before it, which is long enough too"
RING = Keys.of(NOW).cursors
MOMENT = "2026-11-22T08:45:00.857583+00:00"
# What a shop with our key might have sealed: a release to come, or one long gone.
PAYLOADS = [
    *(
        b"",
        b"\xff\xfe",
        b"\xed\xa0\x80",
        b"[",
        b"{}",
        b"null",
        b'"x"',
        b"1",
        b"[" * 100_000,
        b"[" + b"9" * 5000 + b",1]",
    ),
    *(
        b"[NaN,1]",
        b"[Infinity,1]",
        b"[1e999,1]",
        b'["\\ud800",1]',
        b'["\\u0000",1]',
        b"[[],1]",
        b"[{},{}]",
        b"[null,null]",
    ),
    *(
        b"[]",
        b"[1]",
        b"[1,2,3]",
        b'["0000-00-00",1]',
        b'["9999-12-31T23:59:59-23:59",1]',
        b'["0001-01-01T00:00:00+23:59",1]',
    ),
    *(
        b'["1e999999999",1]',
        b'["1e-999999999",1]',
        b"[true,1]",
        b'["x",9223372036854775808]',
        b'["2026-11-22",-9e99]',
    ),
]


def sealed(ring: KeyRing, scope: str, payload: bytes) -> str:
    """A cursor as the shop would have sealed that payload."""
    seal = hmac.digest(ring.signing, scope.encode() + b"\0" + payload, "sha256")[:16]
    return urlsafe_b64encode(seal + payload).rstrip(b"=").decode()


def refused(read: Any, *arguments: Any) -> bool:
    try:
        read(*arguments)
    except InvalidRequest:
        return True
    return False


def test_a_cursor_says_what_was_put_into_it():
    cursors = Cursors(RING)
    assert cursors.keys("books", cursors.behind("books", "日本 \"'", None, 7)) == ["日本 \"'", None, 7]
    assert sealed(RING, "books", json.dumps(["x", 1], separators=(",", ":")).encode()) == cursors.behind(
        "books", "x", 1
    )


@pytest.mark.parametrize("cursor", ["", "x", "é", "\ud800", "=", "A" * 21, "A" * 22, "A" * 4000, "%%%", "\0", " "])
def test_what_we_never_sealed_is_refused(cursor: str):
    assert refused(Cursors(RING).keys, "books", cursor)
    assert refused(Cursors(RING).position, "books", cursor)


@pytest.mark.parametrize("payload", PAYLOADS, ids=lambda payload: repr(payload[:30]))
def test_whatever_was_sealed_a_position_is_a_moment_and_an_id(payload: bytes):
    assert refused(Cursors(RING).position, "orders", sealed(RING, "orders", payload))


@pytest.mark.parametrize("row", [7, 77, 777])
def test_no_letter_of_a_cursor_may_change(row: int):
    """Some letters of base64 say nothing, and its reader passes over others: these change the text as well."""
    cursors = Cursors(RING)
    cursor = cursors.behind("orders", MOMENT, row)
    for odd in (
        f"{cursor[:5]}%{cursor[5:]}",
        f"{cursor}=",
        f"{cursor}\n",
        f" {cursor}",
        f"{cursor[:5]}.{cursor[5:]}",
    ):
        assert refused(cursors.keys, "orders", odd), odd
    for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_":
        assert letter == cursor[-1] or refused(cursors.keys, "orders", cursor[:-1] + letter)
    for place, letter in enumerate(cursor):
        for other in "AQgw_":
            bent = cursor[:place] + other + cursor[place + 1 :]
            assert letter == other or refused(cursors.keys, "orders", bent), bent
        assert refused(cursors.keys, "orders", cursor[:place])


def test_a_cursor_is_good_for_its_list_alone():
    cursors = Cursors(RING)
    assert refused(cursors.keys, "orders of 2", cursors.behind("orders of 1", MOMENT, 7))


def test_two_applications_of_one_process_do_not_read_each_others():
    one, other, next_one = (Cursors(Keys.of(*secrets).cursors) for secrets in ((BEFORE,), (NOW,), (NOW, BEFORE)))
    assert refused(other.keys, "books", one.behind("books", "x", 1))
    assert next_one.keys("books", one.behind("books", "x", 1)) == ["x", 1]
    assert next_one.behind("books", "x", 1) == other.behind("books", "x", 1)


@pytest.mark.parametrize("sort", list(ORDERS))
async def test_no_sealed_cursor_breaks_the_list_of_books(shop: Shop, sort: Any):
    """Seen to fail where any number counted as a price, and where a payload was parsed before it was guarded."""
    await shop.book()
    scope = BookQuery(sort=sort).scope
    for payload in PAYLOADS:
        cursor = sealed(shop.app.state.keys.cursors, scope, payload)
        if len(cursor) > 4000:
            continue
        answer = await shop.client.get("/books", params={"sort": sort, "cursor": cursor})
        assert answer.status_code in {200, 422}, (payload, answer.text)
        if answer.status_code == 422:
            assert_problem(answer, 422, "VALIDATION_ERROR", "cursor")


async def test_no_sealed_cursor_breaks_any_other_list(shop: Shop):
    admin = await shop.admin()
    scopes = {
        "/orders": f"orders of {admin.id}",
        "/notifications": f"notices of {admin.id}",
        "/admin/orders": "all orders []",
        "/admin/audit": "audit []",
    }
    filters = ("created_from", "created_to", "email", "number", "status", "user_id")
    scopes["/admin/orders"] = f"all orders {[(name, None) for name in filters]}"
    known = ("action", "actor_user_id", "created_from", "created_to", "subject", "subject_id")
    scopes["/admin/audit"] = f"audit {[(name, None) for name in known]}"
    for path, scope in scopes.items():
        ring = shop.app.state.keys.cursors
        good = b"[1]" if path == "/notifications" else json.dumps([MOMENT, 1]).encode()
        answers = [
            await shop.client.get(path, params={"cursor": sealed(ring, scope, payload)}, headers=admin.headers)
            for payload in (good, *(payload for payload in PAYLOADS if len(payload) < 2000 and payload != good))
        ]
        assert answers[0].status_code == 200, (path, answers[0].text)  # the scope is right, and so is the seal
        for answer in answers[1:]:
            assert_problem(answer, 422, "VALIDATION_ERROR", "cursor")
