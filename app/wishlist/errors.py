"""What the wishlist refuses."""

from app.core.errors import DomainError, Full


class AlreadyWished(DomainError):
    """A book is on a wishlist once."""

    code = "WISHLIST_ITEM_DUPLICATE"
    detail = "This book is already on your wishlist."
    field = "book_id"


class WishlistFull(Full):
    """The list has as many books as it may."""

    code = "WISHLIST_FULL"
    sentence = "Your wishlist holds {limit} books, and no more fit in. Take one off first."


class NotWished(DomainError):
    """The caller's list has no such book."""

    code = "WISHLIST_ITEM_NOT_FOUND"
    detail = "This book is not on your wishlist."
    field = "book_id"
