"""What readers do on the page of a book: wish for it, wait for it, review it."""

from contextlib import suppress

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from app.catalog.deps import Books
from app.core.errors import DomainError
from app.core.values import Id
from app.prebookings.deps import PreBookings
from app.prebookings.errors import AlreadyWaiting
from app.reviews.deps import Reviews
from app.reviews.schemas import ReviewCreate, ReviewUpdate
from app.web.access import Reader, own_path
from app.web.errors import Answered
from app.web.forms import Sent
from app.web.page import render
from app.web.route import PageRoute, see_other, wants_json
from app.web.storefront.book import BookPagesDep
from app.web.visitor import AnyVisitor
from app.wishlist.deps import Wishlists
from app.wishlist.errors import AlreadyWished, NotWished, WishlistFull

router = APIRouter(include_in_schema=False, route_class=PageRoute, prefix="/shop/books/{book_id}")


def _page(book_id: int) -> str:
    return f"/shop/books/{book_id}"


@router.post("/wish")
async def wish(
    request: Request, book_id: Id, sent: Sent, reader: Reader, wishes: Wishlists, visitor: AnyVisitor
) -> Response:
    """Put the book on the wishlist, or take it off: `wished` says which is wanted, so that a repeat does no harm."""
    wanted = sent.get("wished") == "1"
    try:
        with suppress(AlreadyWished, NotWished):
            await (wishes.add(reader.id, book_id) if wanted else wishes.remove(reader.id, book_id))
    except WishlistFull as error:
        if wants_json(request):
            raise Answered(JSONResponse({"text": error.detail, "wished": False}, 409)) from error
        visitor.flash(error.detail, "bad")
        raise Answered(see_other(own_path(sent.get("next"), _page(book_id)))) from error
    text = "On your wishlist." if wanted else "Taken off your wishlist."
    if wants_json(request):
        return JSONResponse({"text": text, "wished": wanted})
    visitor.flash(text)
    return see_other(own_path(sent.get("next"), _page(book_id)))


@router.post("/prebook")
async def prebook(book_id: Id, reader: Reader, bookings: PreBookings, visitor: AnyVisitor) -> Response:
    """Wait for a sold-out book."""
    try:
        with suppress(AlreadyWaiting):
            await bookings.add(reader.id, book_id)
    except DomainError as error:
        visitor.flash(error.detail, "bad")
        raise Answered(see_other(_page(book_id))) from error
    visitor.flash("We will tell you as soon as it is back.")
    return see_other(_page(book_id))


@router.post("/prebook/cancel")
async def cancel_prebooking(book_id: Id, reader: Reader, bookings: PreBookings, visitor: AnyVisitor) -> Response:
    """Wait no longer."""
    waiting = await bookings.waiting_id(reader.id, book_id)
    if waiting is not None:
        await bookings.cancel(reader.id, waiting)
    visitor.flash("You no longer wait for this book.", "plain")
    return see_other(_page(book_id))


@router.post("/review")
async def review(
    request: Request,
    book_id: Id,
    sent: Sent,
    reader: Reader,
    books: Books,
    reviews: Reviews,
    pages: BookPagesDep,
    visitor: AnyVisitor,
) -> Response:
    """Write a review, or change one's own."""
    book = await books.get(book_id)
    sent.values["text"] = sent.values.get("text", "").replace("\r\n", "\n")
    wanted = sent.parse(ReviewCreate)
    if wanted is None:
        return render(request, await pages.page(book, sent), 422)
    own = (await reviews.eligibility(reader.id, book_id)).review_id
    try:
        if own is None:
            await reviews.create(reader.id, book_id, wanted.rating, wanted.text)
        else:
            changes = ReviewUpdate(rating=wanted.rating, text=wanted.text).changes()
            await reviews.change(own, reader.id, changes)
    except DomainError as error:
        sent.refuse(error, "")
        raise Answered(render(request, await pages.page(book, sent), 422)) from error
    visitor.flash("Thank you for your review." if own is None else "Your review was changed.")
    return see_other(f"{_page(book_id)}#reviews")


@router.post("/review/delete")
async def delete_review(book_id: Id, reader: Reader, reviews: Reviews, visitor: AnyVisitor) -> Response:
    """Take back one's own review."""
    own = (await reviews.eligibility(reader.id, book_id)).review_id
    if own is not None:
        await reviews.delete(own, reader)
    visitor.flash("Your review was deleted.", "plain")
    return see_other(f"{_page(book_id)}#reviews")
