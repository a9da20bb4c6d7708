"""Reviews on the wire."""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, Field

from app.core.values import Id, TimestampOut
from app.reviews.models import ReviewDetails, ReviewEntry

MAX_TEXT = 2000
MAX_BULK = 50


def _unless_blank(text: str) -> str | None:
    return text if text.strip() else None


Rating = Annotated[int, Field(ge=1, le=5, examples=[5])]
ReviewText = Annotated[
    str,
    Field(
        max_length=MAX_TEXT,
        description="Kept letter for letter, line breaks included; nothing but white space counts as null.",
        examples=["Read it in one night."],
    ),
    AfterValidator(_unless_blank),
]
SortName = Literal["date", "rating"]
Direction = Literal["asc", "desc"]


class ReviewCreate(BaseModel):
    """A new review."""

    rating: Rating
    text: ReviewText | None = None


class ReviewUpdate(BaseModel):
    """What is left out stays as it is, and so does the rating when it is null; a text that is null is cleared."""

    rating: Rating | None = None
    text: ReviewText | None = None

    def changes(self) -> dict[str, Any]:
        """The columns to be changed."""
        given = self.model_dump(exclude_unset=True)
        return {name: value for name, value in given.items() if name == "text" or value is not None}


class AuthorOut(BaseModel):
    """Who wrote a review, under the name others see."""

    user_id: int
    display_name: str


class AuthorWithAvatar(AuthorOut):
    """The author beside a review."""

    avatar_url: None = Field(default=None, description="Reserved")


class ReviewedBook(BaseModel):
    """What a review is about."""

    book_id: int
    title: str


class ReviewedBookWithCover(ReviewedBook):
    """The book beside a review."""

    cover_image_url: str | None


class ReviewOut(BaseModel):
    """A review with its author and its book."""

    id: int
    book_id: int
    user_id: int
    rating: int = Field(ge=1, le=5)
    text: str | None
    verified_purchase: bool = Field(description="Whether the author has a confirmed order with the book, as of now")
    created_at: TimestampOut
    updated_at: TimestampOut
    author: AuthorWithAvatar
    book: ReviewedBookWithCover

    @classmethod
    def of(cls, review: ReviewDetails) -> Self:
        """The review as it is shown."""
        return cls(
            id=review.id,
            book_id=review.book_id,
            user_id=review.user_id,
            rating=review.rating,
            text=review.text,
            verified_purchase=review.verified_purchase,
            created_at=review.created_at,
            updated_at=review.updated_at,
            author=AuthorWithAvatar(user_id=review.user_id, display_name=review.author_name),
            book=ReviewedBookWithCover(
                book_id=review.book_id, title=review.title, cover_image_url=review.cover_image_url
            ),
        )


class ReviewList(BaseModel):
    """A page of the reviews of a book, the newest first."""

    items: list[ReviewOut]
    total: int = Field(ge=0)
    page: int
    size: int


class ModeratedReview(BaseModel):
    """A review as staff see it in the list."""

    id: int
    rating: int = Field(ge=1, le=5)
    text: str | None
    created_at: TimestampOut
    updated_at: TimestampOut
    author: AuthorOut
    book: ReviewedBook

    @classmethod
    def of(cls, review: ReviewEntry) -> Self:
        """The review as it is listed."""
        return cls(
            id=review.id,
            rating=review.rating,
            text=review.text,
            created_at=review.created_at,
            updated_at=review.updated_at,
            author=AuthorOut(user_id=review.user_id, display_name=review.author_name),
            book=ReviewedBook(book_id=review.book_id, title=review.title),
        )


class ModeratedReviewList(BaseModel):
    """A page of reviews of all books."""

    items: list[ModeratedReview]
    total_count: int = Field(ge=0)
    page: int
    per_page: int
    total_pages: int = Field(ge=0)


class BulkDelete(BaseModel):
    """Which reviews to delete."""

    review_ids: list[Id] = Field(min_length=1, max_length=MAX_BULK, examples=[[1, 2, 3]])


class BulkDeleted(BaseModel):
    """How many were deleted; unknown, deleted and repeated ids do not count."""

    deleted_count: int = Field(ge=0)
