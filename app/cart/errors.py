"""What the basket refuses."""

from http import HTTPStatus

from app.core.errors import DomainError, Full


class BookOutOfStock(DomainError):
    """Nothing left of it; a pre-booking would be the way."""

    code = "CART_BOOK_OUT_OF_STOCK"
    status = HTTPStatus.CONFLICT
    title = "Book out of stock"
    detail = "This book is out of stock."
    field = "book_id"


class ItemDuplicate(DomainError):
    """The book has a line already; quantities are not merged."""

    code = "CART_ITEM_DUPLICATE"
    status = HTTPStatus.CONFLICT
    title = "Book already in cart"
    detail = "This book is already in your cart."
    field = "book_id"

    def __init__(self, item_id: int, quantity: int) -> None:
        super().__init__()
        self.item_id, self.quantity = item_id, quantity

    def members(self) -> dict[str, object]:
        return {"item_id": self.item_id, "quantity": self.quantity}


class CartFull(Full):
    """The cart has as many lines as it may."""

    code = "CART_FULL"
    status = HTTPStatus.CONFLICT
    title = "Cart full"
    sentence = "Your basket holds {limit} titles, and no more fit in. Take one out, or order what is there."


class CartTokenUnknown(DomainError):
    """No guest's cart has this token: it never had, or it was merged into an account's, or swept away."""

    code = "CART_TOKEN_UNKNOWN"
    status = HTTPStatus.UNAUTHORIZED
    title = "Cart token unknown"
    detail = "There is no cart with this token: it may have moved to an account, or was not used for 90 days."


class ItemNotFound(DomainError):
    """No such line."""

    code = "CART_ITEM_NOT_FOUND"
    status = HTTPStatus.NOT_FOUND
    title = "Cart line not found"
    detail = "There is no cart line with this id."
    field = "item_id"


class ItemForbidden(DomainError):
    """The line is in somebody else's cart."""

    code = "CART_ITEM_FORBIDDEN"
    status = HTTPStatus.FORBIDDEN
    title = "Not your cart line"
    detail = "This cart line is not yours."
    field = "item_id"
