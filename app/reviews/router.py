"""Reviews of a book, and one's own."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from app.accounts.deps import CurrentUser
from app.catalog.deps import BookId
from app.core.db.route import TransactionRoute
from app.core.deps import PageNumber, PageSize
from app.core.middleware import storable_text
from app.core.openapi import problems
from app.core.values import Id
from app.reviews.deps import Reviews
from app.reviews.schemas import ReviewCreate, ReviewList, ReviewOut, ReviewUpdate

router = APIRouter(tags=["reviews"], route_class=TransactionRoute)
PUBLIC = [Depends(storable_text)]
REFUSALS = problems("REVIEW_NOT_FOUND", "NOT_REVIEW_OWNER")

ReviewId = Annotated[Id, Path(description="Id of a review")]


@router.get("/books/{book_id}/reviews", summary="List the reviews of a book", dependencies=PUBLIC)
async def list_reviews(book_id: BookId, reviews: Reviews, page: PageNumber = 1, size: PageSize = 20) -> ReviewList:
    """Those that count, the newest first. An unknown book has none."""
    total, found = await reviews.page(book_id, (page - 1) * size, size)
    return ReviewList(items=[ReviewOut.of(review) for review in found], total=total, page=page, size=size)


@router.post(
    "/books/{book_id}/reviews",
    status_code=201,
    summary="Review a book",
    responses=problems("BOOK_NOT_FOUND", "DUPLICATE_REVIEW", "NOT_PURCHASED"),
)
async def create_review(book_id: BookId, body: ReviewCreate, author: CurrentUser, reviews: Reviews) -> ReviewOut:
    """For who has a confirmed order with the book; one review a reader, and another once it was deleted."""
    return ReviewOut.of(await reviews.create(author.id, book_id, body.rating, body.text))


@router.get(
    "/reviews/{review_id}", summary="Show a review", responses=problems("REVIEW_NOT_FOUND"), dependencies=PUBLIC
)
async def show_review(review_id: ReviewId, reviews: Reviews) -> ReviewOut:
    """The review with its author and its book."""
    return ReviewOut.of(await reviews.get(review_id))


@router.patch("/reviews/{review_id}", summary="Change an own review", responses=REFUSALS)
async def change_review(review_id: ReviewId, body: ReviewUpdate, author: CurrentUser, reviews: Reviews) -> ReviewOut:
    """Only the keys that are present change; a text that is null is cleared. Staff too change only their own."""
    return ReviewOut.of(await reviews.change(review_id, author.id, body.changes()))


@router.delete("/reviews/{review_id}", status_code=204, summary="Delete a review", responses=REFUSALS)
async def delete_review(review_id: ReviewId, caller: CurrentUser, reviews: Reviews) -> None:
    """For its author and for staff. It leaves the lists and the figures of the book."""
    await reviews.delete(review_id, caller)
