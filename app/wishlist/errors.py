"""What the wishlist refuses."""

from http import HTTPStatus

from app.core.errors import DomainError, Full


class AlreadyWished(DomainError):
    """A book is on a wishlist once."""

    code = "WISHLIST_ITEM_DUPLICATE"
    status = HTTPStatus.CONFLICT
    title = "Book already on the wishlist"
    detail = "This book is already on your wishlist."
    field = "book_id"


class WishlistFull(Full):
    """The list has as many books as it may."""

    code = "WISHLIST_FULL"
    status = HTTPStatus.CONFLICT
    title = "Wishlist full"
    sentence = "Your wishlist holds {limit} books, and no more fit in. Take one off first."


class NotWished(DomainError):
    """The caller's list has no such book."""

    code = "WISHLIST_ITEM_NOT_FOUND"
    status = HTTPStatus.NOT_FOUND
    title = "Book not on the wishlist"
    detail = "This book is not on your wishlist."
    field = "book_id"
