"""What the wishlist refuses."""

from app.core.errors import DomainError


class AlreadyWished(DomainError):
    """A book is on a wishlist once."""

    code = "WISHLIST_ITEM_DUPLICATE"
    detail = "This book is already on your wishlist."
    field = "book_id"


class NotWished(DomainError):
    """The caller's list has no such book."""

    code = "WISHLIST_ITEM_NOT_FOUND"
    detail = "This book is not on your wishlist."
    field = "book_id"
