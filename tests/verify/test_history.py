"""A lively shop keeps its laws at every moment, not only when it rests."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from httpx2 import Response

from app.verify.service import verify_patiently
from tests.accounts.support import PASSWORD, refresh
from tests.support import Person, Shop
from tests.verify.support import broken, buy

ROUNDS, AT_ONCE = 40, 8


class Crowd:
    """Readers and staff who do at random what the shop allows, and some things that it refuses."""

    def __init__(self, shop: Shop, chance: random.Random) -> None:
        self._shop = shop
        self._chance = chance
        self.outcomes: Counter[str] = Counter()

    async def gather(self) -> None:
        """Five readers, one of staff, three books, an order, two sessions."""
        self._admin = await self._shop.admin()
        self._autocommit = [await self._shop.person() for _ in range(5)]
        self._books = [await self._shop.book(stock_quantity=stock) for stock in (0, 5, 20)]
        self._orders = [(buyer, await buy(self._shop, buyer, self._books[-1])) for buyer in self._autocommit[:1]]
        self._tokens = [await self._register() for _ in range(2)]

    async def act(self) -> None:
        """One deed of somebody."""
        deeds: dict[Callable[[], Awaitable[None]], int] = {
            self._fill_basket: 8,
            self._check_out: 8,
            self._cancel_own: 2,
            self._cancel_any: 2,
            self._count_stock: 2,
            self._adjust_stock: 2,
            self._add_book: 1,
            self._remove_book: 1,
            self._review: 3,
            self._refresh: 1,
        }
        (deed,) = self._chance.choices(list(deeds), weights=list(deeds.values()))
        await deed()

    async def _fill_basket(self) -> None:
        line = {"book_id": self._book(), "quantity": self._chance.randint(1, 3)}
        await self._say("fill", self._reader(), "POST", "/cart/items", line)

    async def _check_out(self) -> None:
        key = self._chance.choice([None, "a", "b", f"{self._chance.random()}"])
        body = {"force_payment_failure": self._chance.random() < 0.2}
        buyer = self._reader()
        answer = await self._say("check out", buyer, "POST", "/orders/checkout", body, key)
        if answer.is_success:
            self._orders.append((buyer, answer.json()["id"]))

    async def _cancel_own(self) -> None:
        buyer, order = self._order()
        await self._say("cancel own", buyer, "POST", f"/orders/{order}/cancel")

    async def _cancel_any(self) -> None:
        _, order = self._order()
        await self._say("cancel any", self._admin, "POST", f"/admin/orders/{order}/cancel", {"reason": "Damaged"})

    async def _count_stock(self) -> None:
        body = {"quantity": self._chance.randint(0, 30)}
        await self._say("count", self._admin, "PATCH", f"/books/{self._book()}/stock", body)

    async def _adjust_stock(self) -> None:
        body = {"delta": self._chance.choice([-7, -1, 1, 12]), "reason": "Recount"}
        await self._say("adjust", self._admin, "POST", f"/books/{self._book()}/stock/adjustments", body)

    async def _add_book(self) -> None:
        self._books.append(await self._shop.book(title=self._chance.choice(["Emma", "Dune"]), stock_quantity=9))

    async def _remove_book(self) -> None:
        book = self._book()
        await self._say("remove", self._admin, "DELETE", f"/books/{book}")
        if len(self._books) > 3 and book in self._books:
            self._books.remove(book)

    async def _review(self) -> None:
        deleted = "CASE WHEN reviews.deleted_at IS NULL AND random() < 0.3 THEN now() END"
        await self._shop.rows(
            f"""
            WITH again AS (UPDATE reviews SET rating = :rating, deleted_at = {deleted} WHERE user_id = :user RETURNING 1)
            INSERT INTO reviews (user_id, book_id, rating)
            SELECT :user, id, :rating FROM books WHERE id = :book AND NOT EXISTS (SELECT FROM again)
            FOR KEY SHARE
            ON CONFLICT DO NOTHING
            """,
            user=self._reader().id,
            book=self._book(),
            rating=self._chance.randint(1, 5),
        )

    async def _refresh(self) -> None:
        session = self._chance.choice(self._tokens)
        answer = await refresh(self._shop.client, self._chance.choice(session[-2:]))
        self._note("refresh", answer)
        if answer.is_success:
            session.append(answer.json()["refresh_token"])

    async def _register(self) -> list[str]:
        email = f"{self._chance.getrandbits(64):x}@example.com"
        answer = await self._shop.client.post("/auth/register", json={"email": email, "password": PASSWORD})
        return [answer.json()["refresh_token"]]

    def _reader(self) -> Person:
        return self._chance.choice(self._autocommit)

    def _book(self) -> int:
        return self._chance.choice(self._books)

    def _order(self) -> tuple[Person, int]:
        """One of the latest, so that an order is cancelled more than once and at once."""
        return self._chance.choice(self._orders[-5:])

    async def _say(
        self, deed: str, person: Person, method: str, path: str, body: Any = None, key: str | None = None
    ) -> Response:
        headers = person.headers | ({"Idempotency-Key": key} if key else {})
        answer = await self._shop.client.request(method, path, headers=headers, json=body)
        self._note(f"{deed} again" if "idempotent-replayed" in answer.headers else deed, answer)
        return answer

    def _note(self, deed: str, answer: Response) -> None:
        assert answer.status_code < 500, answer.text
        self.outcomes[f"{deed} {answer.json()['code'] if answer.is_error else answer.status_code}"] += 1


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_lively_shop_breaks_no_law_at_any_moment(live: Shop, seed: int):
    """The laws are checked while the deeds of each round are under way, and once more when the last has ended.

    Seen to fail with the lock taken out of `StockService` (ledgers of removed books do not close), and with a sale of
    several books that writes the movement of one.
    """
    crowd = Crowd(live, random.Random(seed))
    await crowd.gather()
    database = live.app.state.database
    for _ in range(ROUNDS):
        verification = asyncio.create_task(verify_patiently(database))
        await asyncio.gather(*(crowd.act() for _ in range(AT_ONCE)))
        assert broken(await verification) == {}
    assert broken(await verify_patiently(database)) == {}
    expected = {
        "check out 201",
        "check out again 201",
        "check out ORDER_PAYMENT_FAILED",
        "cancel own 200",
        "cancel any 200",
        "remove 204",
        "refresh 200",
    }
    assert expected <= set(crowd.outcomes), crowd.outcomes
