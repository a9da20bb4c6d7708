"""Reviews of all books, for staff."""

from math import ceil
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from app.accounts.deps import AdminUser
from app.core.db.route import TransactionRoute
from app.core.deps import PageNumber, PageSize
from app.core.values import Id
from app.reviews.deps import Moderation
from app.reviews.models import ReviewFilter
from app.reviews.schemas import (
    BulkDelete,
    BulkDeleted,
    Direction,
    ModeratedReview,
    ModeratedReviewList,
    SortName,
)

router = APIRouter(prefix="/admin/reviews", tags=["reviews", "staff"], route_class=TransactionRoute)

RatingBound = Annotated[int | None, Query(ge=1, le=5, description="Inclusive")]


async def get_filter(
    book_id: Annotated[Id | None, Query(description="Only reviews of this book")] = None,
    user_id: Annotated[Id | None, Query(description="Only reviews by this user")] = None,
    rating_min: RatingBound = None,
    rating_max: RatingBound = None,
) -> ReviewFilter:
    """The filters, which combine with AND."""
    return ReviewFilter(book_id, user_id, rating_min, rating_max)


Filter = Annotated[ReviewFilter, Depends(get_filter)]


@router.get("", summary="List reviews of all books")
async def list_all_reviews(
    _: AdminUser,
    moderation: Moderation,
    wanted: Filter,
    sort_by: SortName = "date",
    sort_dir: Direction = "desc",
    page: PageNumber = 1,
    per_page: PageSize = 20,
) -> ModeratedReviewList:
    """Filters combine with AND. Reviews of the same moment or rating come the greater id first in both directions."""
    total, found = await moderation.page(wanted, sort_by, sort_dir, (page - 1) * per_page, per_page)
    items = [ModeratedReview.of(review) for review in found]
    return ModeratedReviewList(
        items=items, total_count=total, page=page, per_page=per_page, total_pages=ceil(total / per_page)
    )


@router.delete("/bulk", summary="Delete reviews")
async def delete_reviews(body: BulkDelete, admin: AdminUser, moderation: Moderation) -> BulkDeleted:
    """Unknown, deleted and repeated ids are skipped. The audit trail keeps what was deleted."""
    return BulkDeleted(deleted_count=await moderation.delete(body.review_ids, admin))
