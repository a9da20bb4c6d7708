"""A shop with something of everything that the laws speak of, and ways to judge it."""

from typing import Any

from app.verify.schemas import Finding, Verification
from app.verify.service import judge
from tests.support import Person, Shop

# Names that would mislead whoever looks for the number or the total of an order by its words alone.
SLY_NAME = "<strong>no. 77</strong> order no. 78"
SLY_TITLE = 'Emma "total_price":"0.01" order <strong>no. 79</strong>'


async def judged(shop: Shop) -> Verification:
    return await shop.app.state.database.transaction(judge)


def broken(verification: Verification) -> dict[str, Finding]:
    """The laws that do not hold, by name."""
    return {finding.name: finding for finding in verification.laws if not finding.ok}


async def buy(shop: Shop, person: Person, *books: int, key: str | None = None) -> int:
    """The id of an order of one copy of each."""
    for book in books:
        await shop.add_to_cart(person, book)
    answer = await shop.checkout(person, key)
    assert answer.status_code == 201, answer.text
    order: int = answer.json()["id"]
    return order


async def furnish(shop: Shop) -> None:
    """Ann ordered under a key, Bob without; a book of both was removed since; there are reviews, baskets, sessions.

    Ann ordered once more and cancelled that when one of its books was removed already. Cleo was told of a restock,
    waits again since it sold out, and gave up waiting for another book. Dora was locked out and let in again.
    """
    admin = await shop.admin()
    ann = await shop.person(email="ann@example.com", display_name=SLY_NAME)
    bob = await shop.person(email="bob@example.com")
    emma, dune, gone = [await shop.book(title=title) for title in (SLY_TITLE, "Dune", "Gone")]
    await buy(shop, ann, emma, gone, key="a")
    await buy(shop, bob, emma, gone)
    unwanted = await buy(shop, ann, dune, gone)
    await _act(shop, admin, "POST", f"/books/{emma}/stock/adjustments", delta=3, reason="Found")
    await _act(shop, admin, "POST", f"/books/{dune}/stock/adjustments", delta=-1, reason="Torn")
    await _act(shop, admin, "DELETE", f"/books/{gone}")
    await _act(shop, ann, "POST", f"/orders/{unwanted}/cancel")
    await shop.add_to_cart(bob, dune)
    await shop.rows("INSERT INTO reviews (user_id, book_id, rating) SELECT id, :book, 4 FROM users", book=dune)
    await shop.rows("UPDATE reviews SET deleted_at = now() WHERE user_id = :user", user=bob.id)
    await _lock_out(shop, admin)
    await shop.rows(_SESSIONS)
    await _wait(shop, admin)


async def _lock_out(shop: Shop, admin: Person) -> None:
    await shop.rows(_LONG_AGO)
    dora = await shop.person(email="dora@example.com")
    await _act(shop, admin, "PATCH", f"/admin/users/{dora.id}/deactivate")
    await _act(shop, admin, "PATCH", f"/admin/users/{dora.id}/reactivate")


async def _wait(shop: Shop, admin: Person) -> None:
    cleo = await shop.person()
    late, lost = [await shop.book(title=title, stock_quantity=0) for title in ("Late", "Lost")]
    await _act(shop, cleo, "POST", "/prebooks", book_id=late)
    await _act(shop, admin, "PATCH", f"/books/{late}/stock", quantity=1)
    await _act(shop, admin, "PATCH", f"/books/{late}/stock", quantity=0)
    await _act(shop, cleo, "POST", "/prebooks", book_id=late)
    await _act(shop, cleo, "POST", "/prebooks", book_id=lost)
    given_up = (await shop.client.get("/prebooks", headers=cleo.headers)).json()["items"][0]["id"]
    await _act(shop, cleo, "DELETE", f"/prebooks/{given_up}")


_LONG_AGO = """
    INSERT INTO security_events (kind, created_at, last_at)
    VALUES ('form_refused', now() - interval '1 day', now() - interval '1 day')
"""
_SESSIONS = """
    INSERT INTO refresh_tokens (token_hash, token_family, user_id, expires_at, session_expires_at, revoked_at)
    SELECT md5(id || state), md5(id::text)::uuid, id,
           now() + CASE state WHEN 'expired' THEN interval '-1 hour' ELSE interval '1 hour' END,
           now() + interval '1 day', CASE state WHEN 'revoked' THEN now() END
    FROM users, unnest(ARRAY['live', 'revoked', 'expired']) AS state
"""


async def _act(shop: Shop, person: Person, method: str, path: str, **body: Any) -> None:
    answer = await shop.client.request(method, path, headers=person.headers, json=body or None)
    assert answer.is_success, answer.text
