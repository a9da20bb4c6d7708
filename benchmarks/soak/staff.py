"""Staff restock, cancel orders, change prices, take books in and off sale, and verify, while the shop sells."""

import asyncio
from pathlib import Path
from typing import Any

from httpx2 import AsyncClient

from app.cli.demo import kept_sign_ins
from benchmarks.soak.told import Move, Told, Unexpected
from benchmarks.soak.visitor import Tries, Visitor

LEAST_STOCK, MOST_STOCK = 5, 60
PAUSE_SECONDS = 0.3
PASSING_BOOKS = 5
ISBN_WEIGHTS = (1, 3) * 6


class Staff(Visitor):
    """Counts what it was told in `told.stock`; what it cannot know it asks of the ledger in the end."""

    def __init__(self, name: str, client: AsyncClient, told: Told, seed: int, data: Path) -> None:
        super().__init__(name, client, told, seed)
        self._sign_in = kept_sign_ins(data / "demo_sign_ins.json")[0]
        self._number = 0

    async def enter(self) -> None:
        account = {"email": self._sign_in.email, "password": self._sign_in.password}
        self.bear((await self.ask("POST", "/auth/login", {"200"}, json=account)).body["access_token"])

    async def take_stock(self) -> None:
        """Before the shop opens: what is there of each book."""
        for page in range(1, 100):
            books = (await self.ask("GET", "/books", {"200"}, params={"page": page, "size": 100})).body["items"]
            if not books:
                return
            self.told.stock |= {book["id"]: book["stock_quantity"] for book in books}

    async def act(self) -> None:
        tasks = (self._set_stock, self._adjust, self._cancel, self._change_price, self._change_range, self._look)
        [task] = self.chance.choices(tasks, weights=(6, 6, 3, 3, 1, 1))
        await task()
        await asyncio.sleep(self.chance.uniform(0, 2) * PAUSE_SECONDS)

    async def _set_stock(self) -> None:
        """The answer tells the new stock, not what was there before: the ledger knows."""
        book, quantity, reason = self._any_book(), self.chance.randint(LEAST_STOCK, MOST_STOCK), self._reason()
        asked = {"quantity": quantity, "reason": reason}
        answer = await self._change_stock("PATCH", f"/books/{book}/stock", book, reason, asked)
        if answer == "200":
            self.told.moves[reason] = Move(book, asked=quantity)

    async def _adjust(self) -> None:
        book, delta, reason = self._any_book(), self.chance.choice((-3, -2, -1, 5, 10, 20)), self._reason()
        asked = {"delta": delta, "reason": reason, "kind": "restock" if delta > 0 else "adjustment"}
        answer = await self._change_stock("POST", f"/books/{book}/stock/adjustments", book, reason, asked)
        if answer == "201" and book in self.told.stock:
            self.told.stock[book] += delta

    async def _change_stock(self, method: str, path: str, book: int, reason: str, asked: dict[str, Any]) -> str:
        """The outcome of one try. Without an answer it stands open until `check` whether it happened."""
        tries = Tries()
        answer = await self.try_once(method, path, tries, json=asked)
        if answer is None:
            if tries.in_doubt:
                self.told.moves[reason] = Move(book, closing=tries.only_closing)
            return "no answer"
        gone = {"BOOK_NOT_FOUND"} if book in self.told.passing else set()
        if answer.outcome not in {"200", "201", "STOCK_OUT_OF_RANGE", *gone}:
            raise Unexpected(f"{method} {path} {asked}: {answer.response.text}")
        return answer.outcome

    async def _cancel(self) -> None:
        if not self.told.sales:
            return
        order = self.chance.choice(list(self.told.sales))
        answer = await self.ask("POST", f"/admin/orders/{order}/cancel", {"200"}, json={"reason": self._reason()})
        if answer.body["status"] != "cancelled":
            raise Unexpected(f"order {order} was cancelled and is {answer.body['status']}")
        self.told.cancelled.add(order)

    async def _change_price(self) -> None:
        book, price = self._any_book(), f"{self.chance.randint(199, 4999) / 100:.2f}"
        gone = {"BOOK_NOT_FOUND"} if book in self.told.passing else set()
        answer = await self.ask("PUT", f"/books/{book}", {"200", *gone}, json={"price": price})
        if answer.outcome == "200" and answer.body["price"] != price:
            raise Unexpected(f"the price of book {book} was set to {price} and is {answer.body['price']}")

    async def _change_range(self) -> None:
        """Take a book in, or one of those that were taken in off sale."""
        on_sale = sorted(self.told.passing & self.told.stock.keys())
        if len(on_sale) < PASSING_BOOKS:
            await self._take_in()
        else:
            await self._take_off_sale(self.chance.choice(on_sale))

    async def _take_in(self) -> None:
        """A book with an ISBN nobody else has, so that a second try finds the first."""
        isbn, known = _isbn(self.chance.randrange(10**8)), "BOOK_ISBN_CONFLICT"
        book = {"title": f"Soaked {isbn}", "author": self.name, "price": "9.90", "isbn": isbn}
        answer = await self.ask("POST", "/books", {"201"}, once_doubted={known}, json=book)
        if answer.outcome == known:
            [made] = (await self.ask("GET", "/books", {"200"}, params={"q": isbn})).body["items"]
        else:
            made = answer.body
        self.told.passing.add(made["id"])
        self.told.stock[made["id"]] = 0

    async def _take_off_sale(self, book: int) -> None:
        del self.told.stock[book]
        await self.ask("DELETE", f"/books/{book}", {"204"}, once_doubted={"BOOK_NOT_FOUND"})

    async def _look(self) -> None:
        """The laws hold at any moment; the list of all orders can be read."""
        laws = (await self.ask("GET", "/admin/verify", {"200"})).body
        if not laws["ok"]:
            raise Unexpected(f"broken: {[law for law in laws['laws'] if not law['ok']]}")
        await self.ask("GET", "/admin/orders", {"200"}, params={"limit": 100})

    async def check(self) -> None:
        """Find each open move in the ledger of its book by its reason, and count it."""
        for book in sorted({move.book for move in self.told.moves.values()} & self.told.stock.keys()):
            for movement in await self._ledger(book):
                move = self.told.moves.get(movement["reason"] or "")
                if move:
                    self.told.stock[book] += movement["delta"]
                    self._check(movement, move)

    def _check(self, movement: dict[str, Any], move: Move) -> None:
        if move.asked not in {None, movement["quantity_after"]}:
            raise Unexpected(f"the stock of book {move.book} was set to {move.asked}, the ledger says {movement}")
        if move.closing:
            raise Unexpected(f"the stock was changed while the shop was closing, and the answer lost: {movement}")

    async def _ledger(self, book: int) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        pages, page = 1, 1
        while page <= pages:
            wanted = {"page": page, "per_page": 100}
            answer = (await self.ask("GET", f"/books/{book}/stock/movements", {"200"}, params=wanted)).body
            found += answer["items"]
            pages, page = answer["total_pages"], page + 1
        return found

    def _any_book(self) -> int:
        return self.chance.choice(list(self.told.stock))

    def _reason(self) -> str:
        self._number += 1
        return f"{self.name}, no. {self._number}"


def _isbn(number: int) -> str:
    """A valid ISBN-13 for each number of eight digits."""
    digits = f"9798{number:08d}"
    checked = sum(weight * int(digit) for weight, digit in zip(ISBN_WEIGHTS, digits, strict=True))
    return f"{digits}{-checked % 10}"
