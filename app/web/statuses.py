"""Statuses as people read them: one table for each kind, and a fallback, so that a new status never breaks a page."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from app.admin.imports import Stage
from app.mail.schemas import MailStatus
from app.orders.models import OrderStatus
from app.prebookings.models import PreBookStatus
from app.web.formats import words


@dataclass(frozen=True, slots=True)
class Shown:
    """A status on a page: its name and the tone of its badge; for an order what it means, now and in its history."""

    name: str
    tone: Literal["good", "bad", ""] = ""
    meaning: str = ""
    event: str = ""


ORDERS: Mapping[OrderStatus, Shown] = {
    OrderStatus.CONFIRMED: Shown("Confirmed", "good", "Paid, and yours.", "You placed and paid the order."),
    OrderStatus.PAYMENT_FAILED: Shown(
        "Payment failed", "bad", "The payment did not succeed, so nothing was sent.", "The payment failed."
    ),
    OrderStatus.CANCELLED: Shown(
        "Cancelled", "", "Cancelled; the money went back to you.", "The order was cancelled."
    ),
}
PRE_BOOKINGS: Mapping[PreBookStatus, Shown] = {
    PreBookStatus.WAITING: Shown("Waiting"),
    PreBookStatus.NOTIFIED: Shown("Back in stock", "good"),
    PreBookStatus.CANCELLED: Shown("Cancelled"),
}
MAILS: Mapping[MailStatus, Shown] = {
    "pending": Shown("Waiting"),
    "sent": Shown("Sent", "good"),
    "dead": Shown("Given up", "bad"),
    "suppressed": Shown("No mail server"),
}
IMPORTS: Mapping[Stage, Shown] = {
    "waiting": Shown("Waiting to be checked", "good"),
    "checking": Shown("Being checked", "good"),
    "checked": Shown("Checked, nothing stored yet", "good"),
    "importing": Shown("Being imported", "good"),
    "imported": Shown("Imported", "good"),
    "failed": Shown("Could not go on", "bad"),
    "interrupted": Shown("Interrupted", "bad"),
}


def _reader_of(table: Mapping[Any, Shown]) -> Callable[[str], Shown]:
    def shown(status: str) -> Shown:
        name = words(status)
        return table.get(status) or Shown(name, meaning=f"{name}.", event=f"{name}.")

    return shown


FILTERS: dict[str, Callable[[str], Shown]] = {
    "order_status": _reader_of(ORDERS),
    "pre_booking_status": _reader_of(PRE_BOOKINGS),
    "mail_status": _reader_of(MAILS),
    "import_stage": _reader_of(IMPORTS),
}
