"""Every mail with what it may have to show at its worst: long, foreign, expensive, without pictures."""

from typing import Any

from app.core.config import Settings
from app.core.keys import Keys
from app.mail.outbox import Outbox

KEY = "a key of the samples that is long enough"
BASE_URL = "https://books.example"
LONG_WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
DRAWN_COVER = "/uploads/0123456789abcdef0123456789abcdef.png"
TOKEN = "q3vX-" + "aB3_" * 20 + "z"


def line(title: str, author: str | None, quantity: int, price: str, total: str, cover: str | None = None) -> Any:
    return {
        "title": title,
        "author": author,
        "quantity": quantity,
        "unit_price": price,
        "line_total": total,
        "cover": cover,
    }


EMMA = line("Emma", "Jane Austen", 1, "12.90", "12.90", DRAWN_COVER)
DUNE = line("Dune", "Frank Herbert", 2, "15.00", "30.00", DRAWN_COVER)
MANY = [
    EMMA,
    line("Der Steppenwolf", "Hermann Hesse", 1, "9.95", "9.95"),
    line("الأيام", "طه حسين", 1, "14.00", "14.00", DRAWN_COVER),
    line("吾輩は猫である", "夏目漱石", 3, "8.50", "25.50"),
    line("משלי שועלים (1)", "ברכיה הנקדן", 1, "20.00", "20.00"),
    line(f"{LONG_WORD} und andere Wörter", "Anonymus " * 10, 1, "99999999.99", "99999999.99", DRAWN_COVER),
    line("On the Origin of Species by Means of Natural Selection, " * 8, "Charles Darwin", 1, "22.00", "22.00"),
    line("<script>alert(1)</script> & Söhne", 'O"Brien', 12, "1.00", "12.00", DRAWN_COVER),
    line("📚 Emoji 👩🏽‍🚀", None, 1, "5.00", "5.00"),
    line("Война и мир", "Лев Толстой", 2, "18.00", "36.00"),
    DUNE,
    line("Everything", "Somebody", 2147483647, "99999999.99", "214748364678525163.53", DRAWN_COVER),
]
ORDER = {
    "display_name": "Ada",
    "order_id": 1047,
    "number": "7K2M-9QXT",
    "order_link": f"{BASE_URL}/account/orders/1047",
    "currency": "USD",
    "places": [],
}


def sums(total: str, *parts: tuple[str, str]) -> dict[str, Any]:
    """The rows under the lines; `parts` stand before the total."""
    rows = [{"label": label, "amount": amount} for label, amount in parts]
    return {"total": total, "sums": [*rows, {"label": "Total", "amount": f"{total} USD"}]}


SHIP_TO = {"label": "It goes to", "lines": ["Ada Lovelace", f"{LONG_WORD} 12", "10115 Berlin", "Germany"]}

SAMPLES: dict[str, tuple[str, dict[str, Any]]] = {
    "base": ("base", {}),
    "order_confirmation": ("order_confirmation", ORDER | {"lines": [EMMA, DUNE], **sums("42.90")}),
    "order_confirmation_no_covers": (
        "order_confirmation",
        ORDER | {"display_name": None, "lines": [line("Emma", "Jane Austen", 1, "12.90", "12.90")], **sums("12.90")},
    ),
    "order_confirmation_twelve": (
        "order_confirmation",
        ORDER
        | {
            "display_name": "آدا " + "W" * 45,
            "lines": MANY,
            **sums("214748364778525340.87"),
            "order_id": 2147483647,
        },
    ),
    "order_confirmation_delivered": (
        "order_confirmation",
        ORDER
        | {
            "lines": [EMMA, DUNE],
            "places": [SHIP_TO, SHIP_TO | {"label": "Billed to"}],
            **sums("50.79", ("Books", "42.90"), (f"Delivery: {LONG_WORD}", "4.50"), ("Tax 7.25 %", "3.39")),
        },
    ),
    "order_cancelled": (
        "order_cancelled",
        ORDER
        | {
            "lines": [EMMA, DUNE],
            **sums("42.90"),
            "refunded": "42.90",
            "reason": "The last copy of Emma was damaged on its way to us, and the publisher prints no other.",
        },
    ),
    "order_cancelled_by_buyer": (
        "order_cancelled",
        ORDER | {"lines": [DUNE], **sums("30.00"), "refunded": "30.00", "reason": None},
    ),
    "order_cancelled_uncharged": (
        "order_cancelled",
        ORDER | {"lines": [DUNE], **sums("30.00"), "refunded": None, "reason": LONG_WORD * 2},
    ),
    "restock": ("restock", {"user_id": 7, "title": "Emma", "path": "/shop/books/12"}),
    "restock_long": (
        "restock",
        {"user_id": 7, "title": f"{LONG_WORD} שועלים 猫 " * 3, "path": "/shop/books/2147483647"},
    ),
    "email_verification": ("email_verification", {"token": TOKEN, "hours": 24}),
    "password_reset": ("password_reset", {"token": TOKEN, "minutes": 60}),
    "password_changed": ("password_changed", {"time": "2026-11-22 at 08:45 UTC"}),
    "identity_linked": (
        "identity_linked",
        {"provider": "Google", "time": "2026-11-22 at 08:45 UTC", "lost_password": False},
    ),
    "identity_linked_password_gone": (
        "identity_linked",
        {"provider": "GitHub", "time": "2026-11-22 at 08:45 UTC", "lost_password": True},
    ),
}


def rendered(name: str) -> dict[str, Any]:
    """The columns of a sample."""
    kind, context = SAMPLES[name]
    outbox = Outbox(Settings(env="test", public_base_url=BASE_URL), Keys.of(KEY))
    return outbox.row(kind, "ada@example.com", f"A sample of {name}", **context)
