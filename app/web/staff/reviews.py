"""Moderation: reviews of all books, and the deletion of several at once."""

from dataclasses import dataclass
from typing import ClassVar

from fastapi import APIRouter, Request, Response

from app.reviews.deps import Moderation
from app.reviews.models import ReviewEntry, ReviewFilter
from app.reviews.schemas import MAX_BULK, Direction, SortName
from app.web.access import Staff, own_path
from app.web.forms import Sent
from app.web.page import PageContext, render
from app.web.route import PrivatePageRoute, see_other
from app.web.staff.query_params import PER_PAGE, address, last_page, number, page_number
from app.web.visitor import AnyVisitor

router = APIRouter(include_in_schema=False, route_class=PrivatePageRoute, prefix="/staff/reviews")
FIELDS = ("book", "user", "low", "high", "sort")
MOST_STARS = 5
SORTS: dict[str, tuple[str, SortName, Direction]] = {
    "new": ("Newest", "date", "desc"),
    "old": ("Oldest", "date", "asc"),
    "worst": ("Fewest stars", "rating", "asc"),
    "best": ("Most stars", "rating", "desc"),
}


@dataclass(frozen=True, slots=True)
class ReviewsPage(PageContext):
    """A page of reviews."""

    template: ClassVar[str] = "staff/reviews.html"
    asked: dict[str, str]
    reviews: list[ReviewEntry]
    total: int
    number: int
    sorts: list[tuple[str, str]]

    @property
    def last(self) -> int:
        return last_page(self.total)

    def link(self, number: int) -> str:
        """The address of another page of the same."""
        return address("/staff/reviews", self.asked | {"page": number if number > 1 else None})


@router.get("")
async def list_reviews(request: Request, _: Staff, moderation: Moderation) -> Response:
    """All reviews that fit."""
    asked = {name: request.query_params.get(name, "").strip() for name in FIELDS}
    wanted = ReviewFilter(
        number(asked["book"]),
        number(asked["user"]),
        number(asked["low"], MOST_STARS),
        number(asked["high"], MOST_STARS),
    )
    sort_by, sort_dir = SORTS.get(asked["sort"], SORTS["new"])[1:]
    page = page_number(request.query_params)
    total, found = await moderation.page(wanted, sort_by, sort_dir, (page - 1) * PER_PAGE, PER_PAGE)
    return render(
        request, ReviewsPage(asked, found, total, page, [(name, label) for name, (label, _, _) in SORTS.items()])
    )


@router.post("/delete")
async def delete_reviews(sent: Sent, staff: Staff, moderation: Moderation, visitor: AnyVisitor) -> Response:
    """Delete the reviews that were ticked."""
    chosen = [found for text in sent.lists.get("review_ids", []) if (found := number(text))][:MAX_BULK]
    deleted = await moderation.delete(chosen, staff) if chosen else 0
    if deleted:
        visitor.flash(f"{deleted} {'review was' if deleted == 1 else 'reviews were'} deleted.")
    else:
        visitor.flash("Tick the reviews that you want to delete.", "bad")
    return see_other(own_path(sent.get("next"), "/staff/reviews"))
