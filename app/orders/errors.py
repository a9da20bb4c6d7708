"""What checkout and orders refuse."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from http import HTTPStatus

from app.catalog.errors import StockOutOfRange
from app.core.errors import DomainError, Full
from app.core.values import money_text
from app.orders.schemas import InsufficientStockItem


class CheckoutRefused(DomainError, groups_others=True):
    """The cart cannot become an order as it stands. Kept under the Idempotency-Key like a success."""


class CartEmpty(CheckoutRefused):
    """There is nothing to buy, or another checkout has just bought it."""

    code = "ORDER_CART_EMPTY"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    title = "Cart is empty"
    detail = "Your cart is empty."


class ItemsUnavailable(CheckoutRefused):
    """Books of the cart are no longer sold."""

    code = "ORDER_ITEMS_UNAVAILABLE"
    status = HTTPStatus.CONFLICT
    title = "Books no longer sold"
    detail = "Some books in your cart are no longer sold."

    def __init__(self, book_ids: Sequence[int]) -> None:
        super().__init__()
        self.book_ids = list(book_ids)

    def members(self) -> dict[str, object]:
        return {"book_ids": self.book_ids}


class NotEnoughStock(CheckoutRefused):
    """Lines ask for more than there is."""

    code = "ORDER_INSUFFICIENT_STOCK"
    status = HTTPStatus.CONFLICT
    title = "Not enough stock"
    detail = "There are not enough copies of some books in your cart."

    def __init__(self, items: Sequence[InsufficientStockItem]) -> None:
        super().__init__()
        self.items = list(items)

    def members(self) -> dict[str, object]:
        return {"items": [item.model_dump() for item in self.items]}


class TotalChanged(CheckoutRefused):
    """The buyer saw another total; `current_total` in major units."""

    code = "ORDER_TOTAL_CHANGED"
    status = HTTPStatus.CONFLICT
    title = "Total has changed"
    detail = "Prices have changed since you last saw your cart."
    field = "expected_total"

    def __init__(self, current_total: Decimal) -> None:
        super().__init__()
        self.current_total = current_total

    def members(self) -> dict[str, object]:
        return {"current_total": money_text(self.current_total)}


class PriceNotInCurrency(CheckoutRefused):
    """A price has decimals that the shop's currency does not have: a fault of the shop, which staff have to mend."""

    code = "ORDER_PRICE_NOT_IN_CURRENCY"
    status = HTTPStatus.CONFLICT
    title = "A price does not fit the currency"

    def __init__(self, currency: str) -> None:
        super().__init__(f"A price of your cart is no amount of {currency}. Please tell the shop.")


class EmailMissing(DomainError):
    """A guest has to say where the mails of the order go."""

    code = "ORDER_EMAIL_MISSING"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    title = "E-mail address missing"
    detail = "Please say where the confirmation is to go."
    field = "email"


class NameMissing(DomainError):
    """A guest has to say who buys, here or in the address."""

    code = "ORDER_NAME_MISSING"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    title = "Name missing"
    detail = "Please say who buys."
    field = "name"


class TooLarge(Full, CheckoutRefused):
    """The cart is from a time when it could hold more lines than an order may have now."""

    code = "ORDER_TOO_LARGE"
    status = HTTPStatus.CONFLICT
    title = "Too many titles for one order"
    sentence = "One order may have {limit} titles at most. Take some out of your cart."


class TooManyDeclines(Full):
    """So many payments for this cart were declined within an hour, the first of them at `first`."""

    code = "ORDER_TOO_MANY_DECLINES"
    status = HTTPStatus.TOO_MANY_REQUESTS
    title = "Too many declined payments"
    sentence = "{limit} payments for this cart were declined within an hour. Please wait before you try again."

    def __init__(self, limit: int, first: datetime | None) -> None:
        super().__init__(limit)
        self._over = _seconds_until(first) + 3600

    def retry_after(self) -> int:
        return max(1, self._over)


class PaymentDeclined(DomainError):
    """The payment service said no. That is on record, and nothing else is kept: the same key may try again."""

    code = "ORDER_PAYMENT_FAILED"
    status = HTTPStatus.PAYMENT_REQUIRED
    title = "Payment declined"
    detail = "Your payment was declined. Nothing was charged and your cart is as before."
    keeps_changes = True


class OrderNotFound(DomainError):
    """Missing, or somebody else's."""

    code = "ORDER_NOT_FOUND"
    status = HTTPStatus.NOT_FOUND
    title = "Order not found"
    detail = "There is no order with this id."
    field = "order_id"


class NotCancellable(DomainError):
    """From its status no step leads to a cancellation."""

    code = "ORDER_NOT_CANCELLABLE"
    status = HTTPStatus.CONFLICT
    title = "Order cannot be cancelled"
    detail = "This order cannot be cancelled."
    field = "order_id"


class CancelTooLate(DomainError):
    """The buyer's time to cancel is over; staff still can. `minutes` is how long it was."""

    code = "ORDER_CANCEL_TOO_LATE"
    status = HTTPStatus.CONFLICT
    title = "Too late to cancel"
    field = "order_id"

    def __init__(self, minutes: int) -> None:
        super().__init__(f"Orders can be cancelled for {minutes} minutes. Please contact the shop.")


class RestockOutOfRange(StockOutOfRange):
    """A book has so many copies that those of the order do not fit."""

    detail = "The stock of a book of this order would become too large."
    field = None


class KeyReused(DomainError):
    """The key belongs to a request with another body."""

    code = "IDEMPOTENCY_KEY_REUSED"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    title = "Idempotency key used for another request"
    detail = "This Idempotency-Key was used for a request with another body."


class KeysExhausted(Full):
    """As many keys of the account are kept as may be; the first of them until `until`."""

    code = "IDEMPOTENCY_KEYS_EXHAUSTED"
    status = HTTPStatus.TOO_MANY_REQUESTS
    title = "Too many Idempotency-Keys"
    sentence = "{limit} checkouts with an Idempotency-Key are all that an account may make within 24 hours."

    def __init__(self, limit: int, until: datetime | None) -> None:
        super().__init__(limit)
        self._over = _seconds_until(until)

    def retry_after(self) -> int:
        return max(1, self._over)


class KeyInProgress(DomainError):
    """The first request under the key has not ended within the lock timeout."""

    code = "IDEMPOTENCY_IN_PROGRESS"
    status = HTTPStatus.CONFLICT
    title = "First request still running"
    detail = "The first request with this Idempotency-Key is still running."

    def retry_after(self) -> int:
        return 1


def _seconds_until(moment: datetime | None) -> int:
    """Rounded up; negative for what is past."""
    return 0 if moment is None else int((moment - datetime.now(UTC)).total_seconds()) + 1
