"""Anything that buyers and staff may do, in any order, done to the shop and to its model side by side."""

from collections import Counter
from decimal import Decimal

from httpx2 import Response
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
)

from tests.stateful.harness import RealShop
from tests.stateful.model import MAX, Book, Buyer, Line, ModelShop, Order, Refusal, Replay, Request
from tests.stateful.views import order_answer, order_of_model, picture_of_model, picture_of_shop
from tests.support import assert_problem

CENT = Decimal("0.01")

Attempt = tuple[Buyer, str, Request]
who = st.sampled_from([0, 1])
few = st.sampled_from([1, 2, 1, 3, 2, 1, 1, MAX])
some = st.sampled_from([9, 6, 4, 2, 1, 0])
prices = st.sampled_from(["10.00", "15.90", "0.01", "99999999.99"]).map(Decimal)
expectations = st.sampled_from([None, "right", "right", "wrong"])
seldom = st.sampled_from([False, False, False, True])
latest = st.integers(min_value=0, max_value=5)
keys = st.sampled_from(["a", "b", "c"])


class ShopMachine(RuleBasedStateMachine):
    """`seen` counts the outcomes over all examples."""

    books: Bundle[Book] = Bundle("books")
    gone: Bundle[Book] = Bundle("gone")
    attempts: Bundle[Attempt] = Bundle("attempts")

    def __init__(self, real: RealShop, seen: Counter[str]) -> None:
        super().__init__()
        self.real = real
        self.seen = seen
        self.model = ModelShop()
        real.reopen()
        self.admin = real.admin()
        people = [real.buyer() for _ in range(2)]
        self.model.buyers = [Buyer(person.id, person.headers) for person in people]

    @initialize(target=books, stocks=st.lists(some, min_size=2, max_size=3))
    def open_with(self, stocks: list[int]) -> MultipleResults[Book]:
        return multiple(*[self._new_book(Decimal("10.00"), stock) for stock in stocks])

    @precondition(lambda self: len(self.model.books) < 6)
    @rule(target=books, price=prices, stock=some)
    def new_book(self, price: Decimal, stock: int) -> Book:
        return self._new_book(price, stock)

    def _new_book(self, price: Decimal, stock: int) -> Book:
        title = f"Book {len(self.model.books) + 1}"
        body = {"title": title, "author": "An Author", "price": str(price)}
        answer = self.real.ask("POST", "/books", self.admin.headers, body)
        assert answer.status_code == 201, answer.text
        book = Book(answer.json()["id"], title, price)
        self.model.books.append(book)
        self._set_stock(book, stock)
        return book

    @rule(book=books, quantity=st.sampled_from([4, 4, 1, 0, MAX, MAX - 1, -1, MAX + 1]))
    def set_stock(self, book: Book, quantity: int) -> None:
        self._set_stock(book, quantity)

    def _set_stock(self, book: Book, quantity: int) -> None:
        answer = self.real.ask("PATCH", f"/books/{book.id}/stock", self.admin.headers, {"quantity": quantity})
        expected = self.model.set_stock(book, quantity)
        self._agree("set_stock", answer, expected, 200)

    @rule(book=books, delta=st.sampled_from([3, 1, -1, -3, MAX, -MAX - 1, 0, MAX + 1]), restock=st.booleans())
    def adjust_stock(self, book: Book, delta: int, restock: bool) -> None:
        self._adjust(book, delta, "restock" if restock else "adjustment")

    def _adjust(self, book: Book, delta: int, kind: str) -> None:
        body = {"delta": delta, "kind": kind, "reason": "Counted"}
        answer = self.real.ask("POST", f"/books/{book.id}/stock/adjustments", self.admin.headers, body)
        expected = self.model.adjust_stock(book, delta, kind)
        self._agree("adjust_stock", answer, expected, 201)

    @rule(book=books, price=prices | st.sampled_from(["0", "-1.00", "100000000.00"]).map(Decimal))
    def change_price(self, book: Book, price: Decimal) -> None:
        self._price(book, price)

    def _price(self, book: Book, price: Decimal) -> None:
        answer = self.real.ask("PUT", f"/books/{book.id}", self.admin.headers, {"price": str(price)})
        self._agree("change_price", answer, self.model.change_price(book, price), 200)

    @precondition(lambda self: sum(book.on_sale for book in self.model.books) > 1)
    @rule(target=gone, book=consumes(books))
    def delete_book(self, book: Book) -> Book:
        self._delete(book)
        return book

    @rule(book=gone, buyer=who)
    def ask_for_a_deleted_book(self, book: Book, buyer: int) -> None:
        self._delete(book)
        self._set_stock(book, 1)
        self._adjust(book, 1, "restock")
        self._price(book, CENT)
        self._add(self._buyer(buyer), book, 1)

    def _delete(self, book: Book) -> None:
        answer = self.real.ask("DELETE", f"/books/{book.id}", self.admin.headers)
        self._agree("delete_book", answer, self.model.delete_book(book), 204)

    @rule(buyer=who, book=books, quantity=few)
    def add_to_cart(self, buyer: int, book: Book, quantity: int) -> None:
        self._add(self._buyer(buyer), book, quantity)

    def _add(self, buyer: Buyer, book: Book, quantity: int) -> None:
        body = {"book_id": book.id, "quantity": quantity}
        answer = self.real.ask("POST", "/cart/items", buyer.headers, body)
        expected = self.model.add_to_cart(buyer, book, quantity)
        self._agree("add_to_cart", answer, expected, 201)
        if isinstance(expected, Line):
            expected.id = answer.json()["id"]

    @precondition(lambda self: bool(self.model.lines))
    @rule(which=latest, quantity=few, stranger=seldom)
    def change_quantity(self, which: int, quantity: int, stranger: bool) -> None:
        line, buyer = self._line_and_buyer(which, stranger)
        answer = self.real.ask("PUT", f"/cart/items/{line.id}", buyer.headers, {"quantity": quantity})
        self._agree("change_quantity", answer, self.model.change_quantity(buyer, line, quantity), 200)

    @precondition(lambda self: bool(self.model.lines))
    @rule(which=latest, stranger=seldom)
    def remove_line(self, which: int, stranger: bool) -> None:
        line, buyer = self._line_and_buyer(which, stranger)
        answer = self.real.ask("DELETE", f"/cart/items/{line.id}", buyer.headers)
        self._agree("remove_line", answer, self.model.remove_line(buyer, line), 204)

    @rule(buyer=who, book=books, quantity=few, key=st.none() | keys)
    def buy(self, buyer: int, book: Book, quantity: int, key: str | None) -> None:
        self._add(self._buyer(buyer), book, quantity)
        self._checkout(self._buyer(buyer), Request(), key)

    @rule(buyer=who, quantities=st.lists(few, min_size=2, max_size=3))
    def buy_several(self, buyer: int, quantities: list[int]) -> None:
        on_sale = [book for book in reversed(self.model.books) if book.on_sale]
        for book, quantity in zip(on_sale, quantities, strict=False):
            self._add(self._buyer(buyer), book, quantity)
        self._checkout(self._buyer(buyer), Request())

    @precondition(lambda self: any(buyer.cart for buyer in self.model.buyers))
    @rule(buyer=who, expectation=expectations, decline=seldom)
    def checkout(self, buyer: int, expectation: str | None, decline: bool) -> None:
        self._checkout(self._buyer(buyer), self._request(buyer, expectation, decline=decline))

    @rule(
        target=attempts,
        buyer=who,
        book=books,
        key=keys,
        expectation=expectations,
        decline=seldom,
        retries=st.integers(0, 2),
    )
    def buy_under_a_key(
        self, buyer: int, book: Book, key: str, expectation: str | None, decline: bool, retries: int
    ) -> Attempt:
        self._add(self._buyer(buyer), book, 1)
        request = self._request(buyer, expectation, decline=decline)
        for _ in range(1 + retries):
            self._checkout(self._buyer(buyer), request, key)
        return self._buyer(buyer), key, request

    @rule(attempt=attempts)
    def retry(self, attempt: Attempt) -> None:
        buyer, key, request = attempt
        self._checkout(buyer, request, key)

    def _request(self, buyer: int, expectation: str | None, *, decline: bool = False) -> Request:
        total = self._buyer(buyer).total
        expected = {None: None, "right": total, "wrong": total + CENT}[expectation]
        return Request(decline=decline, expected_total=expected)

    def _checkout(self, buyer: Buyer, request: Request, key: str | None = None) -> None:
        headers = buyer.headers | ({"Idempotency-Key": key} if key else {})
        total = None if request.expected_total is None else str(request.expected_total)
        body = {"force_payment_failure": request.decline, "expected_total": total}
        answer = self.real.ask("POST", "/orders/checkout", headers, body)
        expected = self.model.checkout(buyer, request, key)
        if isinstance(expected, Replay):
            self._replayed(answer, expected)
            return
        assert "Idempotent-Replayed" not in answer.headers
        self._agree("checkout", answer, expected, 201)
        if isinstance(expected, Order):
            expected.id = answer.json()["id"]
            assert order_answer(answer.json()) == order_of_model(expected)
        if key and (isinstance(expected, Order) or expected.kept):
            buyer.kept[key] = Replay(request, answer.status_code, answer.content)

    def _replayed(self, answer: Response, expected: Replay) -> None:
        assert (answer.status_code, answer.content) == (expected.status, expected.content)
        assert answer.headers["Idempotent-Replayed"] == "true"
        self.seen[f"replay of {expected.status}"] += 1

    @precondition(lambda self: bool(self.model.orders))
    @rule(which=latest, shelves_full=seldom)
    def staff_cancel(self, which: int, shelves_full: bool) -> None:
        order = self._order(which)
        for line in order.lines if shelves_full else []:
            self._set_stock(line.book, MAX)
        path = f"/admin/orders/{order.id}/cancel"
        answer = self.real.ask("POST", path, self.admin.headers, {"reason": "Damaged"})
        self._cancelled("staff_cancel", order, answer, self.model.cancel(order))

    @precondition(lambda self: bool(self.model.orders))
    @rule(which=latest, stranger=seldom)
    def buyer_cancels(self, which: int, stranger: bool) -> None:
        order = self._order(which)
        buyer = self._other(order.buyer) if stranger else order.buyer
        answer = self.real.ask("POST", f"/orders/{order.id}/cancel", buyer.headers)
        self._cancelled("buyer_cancels", order, answer, self.model.cancel(order, buyer))

    def _cancelled(self, operation: str, order: Order, answer: Response, expected: Order | Refusal) -> None:
        self._agree(operation, answer, expected, 200)
        if isinstance(expected, Order):
            assert order_answer(answer.json()) == order_of_model(order)

    def _buyer(self, number: int) -> Buyer:
        return self.model.buyers[number]

    def _other(self, buyer: Buyer) -> Buyer:
        return next(other for other in self.model.buyers if other is not buyer)

    def _order(self, which: int) -> Order:
        """The latest is 0."""
        return self.model.orders[-1 - which % len(self.model.orders)]

    def _line_and_buyer(self, which: int, stranger: bool) -> tuple[Line, Buyer]:
        """The latest is 0; some of them are no longer in a basket."""
        line = self.model.lines[-1 - which % len(self.model.lines)]
        return line, self._other(line.buyer) if stranger else line.buyer

    def _agree(self, operation: str, answer: Response, expected: object, success: int) -> None:
        """The shop answers what came of it in the model."""
        if isinstance(expected, Refusal):
            problem = assert_problem(answer, expected.status, expected.code, expected.at)
            assert {name: problem.get(name) for name in expected.members} == expected.members
            self.seen[f"{operation}: {expected.code}"] += 1
        else:
            assert answer.status_code == success, answer.text
            self.seen[f"{operation}: {success}"] += 1

    @invariant()
    def shop_and_model_look_alike(self) -> None:
        assert picture_of_shop(self.real, self.model) == picture_of_model(self.model)

    @invariant()
    def the_payment_service_moved_what_the_model_says(self) -> None:
        till, charges = self.real.till, self.model.charges
        assert len(till.asked) == len(set(till.asked)) == len(charges)
        assert sorted(till.refunded.values()) == sorted(charge.amount for charge in charges if charge.refunded)
        assert till.voided == set()
