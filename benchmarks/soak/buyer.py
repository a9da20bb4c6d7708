"""Buyers fill, change and empty baskets, check out under a key until there is an answer, and cancel now and then."""

import asyncio
from decimal import Decimal
from typing import Any

from httpx2 import AsyncClient

from benchmarks.soak.told import Sale, Told, Unexpected
from benchmarks.soak.visitor import Answer, Visitor

PASSWORD = "a long password"
WORDS = ("the", "love", "war and", "tolkein", "dickens", "a", "emma", "house")
CHECKOUT = frozenset(
    {"201", "ORDER_PAYMENT_FAILED", "ORDER_INSUFFICIENT_STOCK", "ORDER_ITEMS_UNAVAILABLE", "ORDER_TOTAL_CHANGED"}
)
ATTEMPTS = 4


class Buyer(Visitor):
    """Buys on its own account; `lines` is the basket as it was last seen, book by line."""

    def __init__(self, name: str, client: AsyncClient, told: Told, seed: int) -> None:
        super().__init__(name, client, told, seed)
        self.email = f"{name.replace(' ', '.')}@example.com"
        self.lines: dict[int, int] = {}
        self.total = "0.00"

    async def enter(self) -> None:
        account = {"email": self.email, "password": PASSWORD}
        refusals = {"AUTH_EMAIL_CONFLICT"}
        answer = await self.ask("POST", "/auth/register", {"201"}, once_doubted=refusals, json=account)
        if answer.outcome != "201":
            answer = await self.ask("POST", "/auth/login", {"200"}, json=account)
        self.bear(answer.body["access_token"])

    async def act(self) -> None:
        """A visit: look around, fill the basket, change one's mind, buy, regret."""
        if self.may(0.3):
            await self._browse()
        await self._fill()
        if self.may(0.3):
            await self._change()
        await self._look_at_basket()
        if self.may(0.05):
            await self._empty()
        sale = await self._buy() if self.lines else None
        if sale and self.may(0.25):
            await self._cancel(sale)

    async def check(self) -> None:
        """All own orders are in the list, and nothing else."""
        listed = await self._list_orders()
        told = {sale.id for sale in self.told.sales.values() if sale.buyer == self.email}
        if listed.keys() != told:
            raise Unexpected(f"GET /orders shows {listed.keys() ^ told} too many or too few")
        wrong = {key for key, status in listed.items() if (status == "cancelled") != (key in self.told.cancelled)}
        if wrong:
            raise Unexpected(f"GET /orders gives {wrong} another status than was told")

    async def _browse(self) -> None:
        book = self._any_book()
        await self.ask("GET", f"/books/{book}", {"200", *self._gone(book)})
        await self.ask("GET", "/books", {"200"}, params={"q": self.chance.choice(WORDS)})
        sort = self.chance.choice(("title", "price", "created_at"))
        await self.ask("GET", "/books", {"200"}, params={"sort": sort, "page": self.chance.randint(1, 8)})
        await self.ask("GET", "/orders", {"200"}, params={"limit": 5})

    async def _fill(self) -> None:
        for _ in range(self.chance.choice((1, 1, 2, 3))):
            book = self._any_book()
            line = {"book_id": book, "quantity": self.chance.choice((1, 1, 1, 2, 3))}
            known = {"CART_ITEM_DUPLICATE"}
            expected = {"201", "CART_BOOK_OUT_OF_STOCK", *self._gone(book), *(known if book in self.lines else ())}
            answer = await self.ask("POST", "/cart/items", expected, once_doubted=known, json=line)
            if answer.outcome == "201":
                self.lines[book] = answer.body["id"]

    async def _change(self) -> None:
        if self.lines:
            book = self.chance.choice(sorted(self.lines))
            await self._set_quantity(book, self.chance.randint(1, 4))

    async def _look_at_basket(self) -> None:
        basket = (await self.ask("GET", "/cart", {"200"})).body
        self.lines = {item["book_id"]: item["id"] for item in basket["items"]}
        self.total = basket["total_price"]

    async def _empty(self) -> None:
        for book in list(self.lines):
            await self._take_out(book)

    async def _set_quantity(self, book: int, quantity: int) -> None:
        path = f"/cart/items/{self.lines[book]}"
        await self.ask("PUT", path, {"200", *self._line_gone(book)}, json={"quantity": quantity})

    async def _take_out(self, book: int) -> None:
        path, gone = f"/cart/items/{self.lines.pop(book)}", "CART_ITEM_NOT_FOUND"
        await self.ask("DELETE", path, {"204", *self._line_gone(book)}, once_doubted={gone})

    async def _buy(self) -> Sale | None:
        """Check out, and mend what stands in the way; each new attempt has a key of its own."""
        for _ in range(ATTEMPTS):
            answer = await self._check_out()
            if answer.outcome == "201":
                return self._note(answer.body)
            if answer.outcome == "ORDER_INSUFFICIENT_STOCK":
                await self._ask_for_less(answer.body["items"])
            await self._look_at_basket()
            if not self.lines:
                return None
        await self._empty()
        return None

    async def _check_out(self) -> Answer:
        """The answer that stands under one key. A declined payment is tried again under it, or given up."""
        key = f"{self.chance.getrandbits(128):032x}"
        body = {"expected_total": self.total} if self.may(0.5) else {}
        while True:
            answer = await (self._click_twice(key, body) if self.may(0.1) else self._click(key, body))
            if answer.outcome != "ORDER_PAYMENT_FAILED" or self.may(0.1):
                break
        if answer.outcome == "201" and self.may(0.1):
            await self._click_again(answer, key, body)
        return answer

    async def _click(self, key: str, body: dict[str, str]) -> Answer:
        answer = await self._order(key, body)
        if answer.replayed and answer.tries.only_closing:
            raise Unexpected(f"an order was made while the shop was closing, and its answer lost: {answer.body}")
        return answer

    async def _click_twice(self, key: str, body: dict[str, str]) -> Answer:
        answers = await asyncio.gather(self._order(key, body), self._order(key, body))
        made = [answer for answer in answers if answer.outcome == "201"]
        if len(made) == len(answers):
            self._same(*made)
        elif made and {answer.outcome for answer in answers} != {"201", "ORDER_PAYMENT_FAILED"}:
            raise Unexpected(f"two answers under one key: {[answer.response.text for answer in answers]}")
        return (made or answers)[0]

    async def _click_again(self, first: Answer, key: str, body: dict[str, str]) -> None:
        again = await self._order(key, body)
        self._same(first, again)
        if not again.replayed:
            raise Unexpected(f"an answer under a used key is not marked as replayed: {again.body}")

    async def _order(self, key: str, body: dict[str, str]) -> Answer:
        expected = CHECKOUT if self.lines.keys() - self.told.passing else CHECKOUT | {"ORDER_CART_EMPTY"}
        return await self.ask("POST", "/orders/checkout", expected, key=key, json=body)

    def _same(self, first: Answer, second: Answer) -> None:
        if first.response.content != second.response.content:
            raise Unexpected(f"two answers under one key: {first.response.text} and {second.response.text}")

    def _note(self, order: dict[str, Any]) -> Sale:
        copies = {item["book_id"]: item["quantity"] for item in order["items"]}
        sale = Sale(order["id"], self.email, copies, Decimal(order["total_price"]))
        if sale.id in self.told.sales:
            raise Unexpected(f"order {sale.id} was told of twice")
        self.told.sales[sale.id] = sale
        self.lines = {}
        return sale

    async def _ask_for_less(self, short: list[dict[str, Any]]) -> None:
        for line in short:
            book, left = line["book_id"], line["available"]
            if book in self.lines:
                await (self._set_quantity(book, left) if left else self._take_out(book))

    async def _cancel(self, sale: Sale) -> None:
        order = (await self.ask("POST", f"/orders/{sale.id}/cancel", {"200"})).body
        if order["status"] != "cancelled":
            raise Unexpected(f"order {sale.id} was cancelled and is {order['status']}")
        self.told.cancelled.add(sale.id)

    async def _list_orders(self) -> dict[int, str]:
        """The status of each order, page by page."""
        listed: dict[int, str] = {}
        path: str | None = "/orders?limit=100"
        while path:
            answer = await self.ask("GET", path, {"200"})
            listed |= {order["id"]: order["status"] for order in answer.body}
            path = answer.response.links.get("next", {}).get("url")
        return listed

    def _any_book(self) -> int:
        return self.chance.choice(list(self.told.stock))

    def _gone(self, book: int) -> set[str]:
        return {"BOOK_NOT_FOUND"} if book in self.told.passing else set()

    def _line_gone(self, book: int) -> set[str]:
        return {"CART_ITEM_NOT_FOUND"} if book in self.told.passing else set()
