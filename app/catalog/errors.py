"""What the catalogue refuses."""

from http import HTTPStatus

from app.core.errors import DomainError, Full


class BookNotFound(DomainError):
    """No such book is on sale."""

    code = "BOOK_NOT_FOUND"
    status = HTTPStatus.NOT_FOUND
    title = "Book not found"
    detail = "There is no book with this id."
    field = "book_id"


class IsbnConflict(DomainError):
    """Another book has the ISBN."""

    code = "BOOK_ISBN_CONFLICT"
    status = HTTPStatus.CONFLICT
    title = "ISBN already in the catalogue"
    detail = "Another book has this ISBN."
    field = "isbn"


class GenreNotFound(DomainError):
    """No such genre."""

    code = "GENRE_NOT_FOUND"
    status = HTTPStatus.NOT_FOUND
    title = "Genre not found"
    detail = "There is no genre with this id."
    field = "genre_id"


class GenreConflict(DomainError):
    """A genre has exactly that name."""

    code = "GENRE_CONFLICT"
    status = HTTPStatus.CONFLICT
    title = "Genre already exists"
    detail = "There is a genre with this name already."
    field = "name"


class TooManyGenres(Full):
    """The shop has as many genres as it may."""

    code = "GENRE_LIMIT"
    status = HTTPStatus.CONFLICT
    title = "Too many genres"
    sentence = "The shop has {limit} genres, which is as many as it may have. Remove one without books first."


class GenreInUse(GenreConflict):
    """Books stand on the shelf."""

    detail = "Books have this genre: give them another one first."


class PageTooDeep(DomainError):
    """The page exists but lies too deep to be counted up to."""

    code = "PAGE_TOO_DEEP"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    title = "Page too deep"
    detail = "Page numbers reach the first 10000 books. Follow the cursor in the Link header to go deeper."
    field = "page"


class SearchTooDeep(PageTooDeep):
    """The same among the hits of a search, which have no cursor."""

    detail = "Page numbers reach the first 10000 hits. Search for more words to find what lies deeper."


class SearchTooLong(Full):
    """More words than a search may have."""

    code = "SEARCH_TOO_LONG"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    title = "Too many words"
    sentence = "A search may have {limit} words at most. Leave some out."
    field = "q"


class StockOutOfRange(DomainError):
    """The adjustment would take the stock below none or above what a book can have."""

    code = "STOCK_OUT_OF_RANGE"
    status = HTTPStatus.CONFLICT
    title = "Stock out of range"
    detail = "The stock must stay between 0 and 2147483647."
    field: str | None = "delta"

    def __init__(self, current_quantity: int) -> None:
        super().__init__()
        self.current_quantity = current_quantity

    def members(self) -> dict[str, object]:
        return {"current_quantity": self.current_quantity}
