"""The basket on the wire."""

from collections.abc import Iterable
from typing import Annotated, Self

from pydantic import BaseModel, Field

from app.cart.models import CartLine
from app.core.money import items_total, line_total
from app.core.values import Count, Id, MoneyOut


class AddItem(BaseModel):
    """A book for the cart."""

    book_id: Annotated[Id, Field(examples=[1])]
    quantity: Annotated[Count, Field(examples=[2])] = 1


class ChangeItem(BaseModel):
    """The new quantity of a line."""

    quantity: Annotated[Count, Field(examples=[3])]


class CartBook(BaseModel):
    """The book of a line, with its price of the moment."""

    id: int
    title: str
    author: str
    price: MoneyOut
    cover_image_url: str | None


class CartItemOut(BaseModel):
    """A line of the cart."""

    id: int
    book_id: int
    quantity: int
    book: CartBook

    @classmethod
    def of(cls, line: CartLine) -> Self:
        """The line as it is shown."""
        book = CartBook(
            id=line.book_id,
            title=line.title,
            author=line.author,
            price=line.price,
            cover_image_url=line.cover_image_url,
        )
        return cls(id=line.id, book_id=line.book_id, quantity=line.quantity, book=book)


class CartOut(BaseModel):
    """The whole basket at the prices of the moment."""

    items: list[CartItemOut]
    total_items: int
    total_price: MoneyOut

    @classmethod
    def of(cls, lines: Iterable[CartLine]) -> Self:
        """The lines with their sums."""
        lines = list(lines)
        return cls(
            items=[CartItemOut.of(line) for line in lines],
            total_items=sum(line.quantity for line in lines),
            total_price=items_total(line_total(line.price, line.quantity) for line in lines),
        )


class GuestCartOut(BaseModel):
    """The token of a guest's cart; it is told once."""

    token: Annotated[str, Field(examples=["q3Zp9x2S0Xk7mVb1Yt5uWc8eRf4aLgHdJ6nKoPiQsTE"])]


class MergeCart(BaseModel):
    """Which guest's cart to merge."""

    token: Annotated[str, Field(max_length=200, examples=["q3Zp9x2S0Xk7mVb1Yt5uWc8eRf4aLgHdJ6nKoPiQsTE"])]


class MergedCartOut(CartOut):
    """The cart after a merge, with the ids of the books that did not fit in."""

    left_out: list[int]

    @classmethod
    def merged(cls, lines: Iterable[CartLine], left_out: list[int]) -> Self:
        """The lines with their sums."""
        cart = CartOut.of(lines)
        return cls(items=cart.items, total_items=cart.total_items, total_price=cart.total_price, left_out=left_out)
