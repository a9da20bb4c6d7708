"""What reviewing refuses."""

from http import HTTPStatus

from app.core.errors import DomainError


class ReviewNotFound(DomainError):
    """No such review, or it was deleted."""

    code = "REVIEW_NOT_FOUND"
    status = HTTPStatus.NOT_FOUND
    title = "Review not found"
    detail = "There is no review with this id."


class NotReviewOwner(DomainError):
    """The review is somebody else's."""

    code = "NOT_REVIEW_OWNER"
    status = HTTPStatus.FORBIDDEN
    title = "Not your review"
    detail = "This review is not yours."


class NotPurchased(DomainError):
    """Only who bought the book may review it."""

    code = "NOT_PURCHASED"
    status = HTTPStatus.FORBIDDEN
    title = "Book not bought"
    detail = "You can review a book once you have bought it."
    field = "book_id"


class ReviewDuplicate(DomainError):
    """The unique index refused a second review; the service says which review there is already."""

    code = "REVIEW_DUPLICATE"
    status = HTTPStatus.CONFLICT
    title = "Book already reviewed"
    detail = "There is a review of this book by this user already."


class DuplicateReview(DomainError):
    """The caller has a review of the book already."""

    code = "DUPLICATE_REVIEW"
    status = HTTPStatus.CONFLICT
    title = "Book already reviewed"
    detail = "You have reviewed this book already. Change or delete that review."

    def __init__(self, existing_review_id: int) -> None:
        super().__init__()
        self.existing_review_id = existing_review_id

    def members(self) -> dict[str, object]:
        return {"existing_review_id": self.existing_review_id}
