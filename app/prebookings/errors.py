"""What pre-booking refuses."""

from http import HTTPStatus

from app.core.errors import DomainError, Full


class BookInStock(DomainError):
    """There is nothing to wait for."""

    code = "PREBOOK_BOOK_IN_STOCK"
    status = HTTPStatus.CONFLICT
    title = "Book in stock"
    detail = "This book is in stock: it can be bought now."
    field = "book_id"


class AlreadyWaiting(DomainError):
    """One waiting pre-booking a user and book."""

    code = "PREBOOK_DUPLICATE"
    status = HTTPStatus.CONFLICT
    title = "Already waiting for the book"
    detail = "You are waiting for this book already."
    field = "book_id"


class WaitingForTooMany(Full):
    """The user waits for as many books as one may."""

    code = "PREBOOK_LIMIT"
    status = HTTPStatus.CONFLICT
    title = "Waiting for too many books"
    sentence = "You wait for {limit} books, which is as many as one may. Cancel a pre-booking first."


class PreBookingNotFound(DomainError):
    """No such pre-booking, or another user's."""

    code = "PREBOOK_NOT_FOUND"
    status = HTTPStatus.NOT_FOUND
    title = "Pre-booking not found"
    detail = "You have no pre-booking with this id."
    field = "prebook_id"


class AlreadyCancelled(DomainError):
    """It was cancelled before."""

    code = "PREBOOK_ALREADY_CANCELLED"
    status = HTTPStatus.CONFLICT
    title = "Pre-booking already cancelled"
    detail = "This pre-booking is cancelled already."
    field = "prebook_id"
