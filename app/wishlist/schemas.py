"""Wishlists on the wire."""

from collections.abc import Iterable
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field

from app.core.values import Id, MoneyOut, TimestampOut
from app.wishlist.models import Wish


class AddWish(BaseModel):
    """A book for the wishlist."""

    book_id: Annotated[Id, Field(examples=[1])]


class WishedBookOut(BaseModel):
    """The book, with price and stock of the moment."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    title: str
    author: str
    price: MoneyOut
    stock_quantity: int
    cover_image_url: str | None


class WishOut(BaseModel):
    """A book on the wishlist."""

    id: int
    book_id: int
    added_at: TimestampOut
    book: WishedBookOut

    @classmethod
    def of(cls, wish: Wish) -> Self:
        """The wish as it is shown."""
        book = WishedBookOut.model_validate(wish.book)
        return cls(id=wish.id, book_id=book.id, added_at=wish.added_at, book=book)


class WishlistOut(BaseModel):
    """The whole wishlist, the newest first."""

    items: list[WishOut]

    @classmethod
    def of(cls, wishes: Iterable[Wish]) -> Self:
        """The wishes in their order."""
        return cls(items=[WishOut.of(wish) for wish in wishes])
