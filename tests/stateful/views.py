"""The same things twice, as the shop shows them and as the model has them, so that they can be compared."""

from decimal import Decimal
from typing import Any

from tests.stateful.harness import Picture, RealShop
from tests.stateful.model import Buyer, Charge, ModelShop, Order, Sold


def picture_of_model(model: ModelShop) -> Picture:
    """The model as `RealShop.picture` would show it."""
    return Picture(
        broken_laws={},
        books=[(book.id, book.title, book.price, book.stock) for book in model.books if book.on_sale],
        ledger=[(move.title, move.kind, move.delta, move.quantity_after) for move in model.ledger],
        charges=[_charge(charge) for charge in model.charges],
        carts=[_cart(buyer) for buyer in model.buyers],
        orders=[
            [order_of_model(order) for order in reversed(model.orders) if order.buyer is buyer]
            for buyer in model.buyers
        ],
    )


def picture_of_shop(real: RealShop, model: ModelShop) -> Picture:
    """The shop, reduced to what the model knows of."""
    picture = real.picture([buyer.headers for buyer in model.buyers])
    picture.carts = [_cart_answer(cart) for cart in picture.carts]
    picture.orders = [[order_answer(order) for order in orders] for orders in picture.orders]
    return picture


def order_answer(answer: dict[str, Any]) -> dict[str, Any]:
    """An order of an answer, without times and names that the model does not keep."""
    return {
        "id": answer["id"],
        "status": answer["status"],
        "steps": [event["status"] for event in answer["events"]],
        "total_price": answer["total_price"],
        "items": [
            (
                item["book_id"],
                item["title"],
                item["quantity"],
                item["unit_price"],
                item["book"] and item["book"]["price"],
            )
            for item in answer["items"]
        ],
    }


def order_of_model(order: Order) -> dict[str, Any]:
    """What `order_answer` must make of the shop's answer."""
    return {
        "id": order.id,
        "status": order.steps[-1],
        "steps": order.steps,
        "total_price": _money(order.total),
        "items": [_sold(line) for line in order.lines],
    }


def _sold(line: Sold) -> tuple[Any, ...]:
    book = line.book
    now = (book.id, _money(book.price)) if book.on_sale else (None, None)
    return now[0], book.title, line.quantity, _money(line.unit_price), now[1]


def _cart_answer(answer: dict[str, Any]) -> dict[str, Any]:
    items = [(item["id"], item["book_id"], item["quantity"], item["book"]["price"]) for item in answer["items"]]
    return answer | {"items": items}


def _cart(buyer: Buyer) -> dict[str, Any]:
    return {
        "items": [(line.id, line.book.id, line.quantity, _money(line.book.price)) for line in buyer.cart],
        "total_items": sum(line.quantity for line in buyer.cart),
        "total_price": _money(buyer.total),
    }


def _charge(charge: Charge) -> tuple[Any, ...]:
    refunded = charge.amount if charge.refunded else None
    if charge.order is None:
        return charge.amount, "declined", None, False, refunded
    return charge.amount, "approved", charge.order.id, False, refunded


def _money(amount: Decimal) -> str:
    return f"{amount:.2f}"
