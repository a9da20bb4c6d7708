"""A book: what it is, whether it is there, what its readers say."""

import json
from dataclasses import dataclass
from math import ceil
from typing import Annotated, Any, ClassVar

from fastapi import APIRouter, Depends, Request, Response
from markupsafe import Markup

from app.catalog.deps import Books, Genres, ShelvesDep
from app.catalog.models import Book
from app.catalog.rules import average_rating
from app.catalog.view import BookView
from app.core.parts import SETTINGS
from app.core.values import Id, money_text
from app.prebookings.deps import PreBookings
from app.reviews.deps import Reviews
from app.reviews.models import ReviewDetails, ReviewEligibility
from app.web.forms import Form
from app.web.page import PageContext, render, shop_of
from app.web.route import PageRoute
from app.web.visitor import AnyVisitor
from app.wishlist.deps import Wishlists

router = APIRouter(include_in_schema=False, route_class=PageRoute)
REVIEWS, MORE = 10, 6
LAST_PAGE = 1000
_IN_SCRIPT = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


@dataclass(frozen=True, slots=True)
class ReaderView:
    """What a reader who signed in has to do with the book."""

    wished: bool
    prebooking: int | None
    eligibility: ReviewEligibility
    own_review: ReviewDetails | None


@dataclass(frozen=True, slots=True)
class BookPage(PageContext):
    """A book with its reviews; `reader` is None for guests."""

    template: ClassVar[str] = "shop/book.html"
    book: BookView
    genre: str | None
    more: list[Book]
    reviews: list[ReviewDetails]
    review_page: int
    last_page: int
    reader: ReaderView | None
    form: Form
    base_url: str
    currency: str
    seller: str

    @property
    def rating(self) -> float | None:
        """The mean with one decimal."""
        return average_rating(self.book.rating_sum, self.book.rating_count)

    @property
    def picture(self) -> str | None:
        """The address of the cover for other sites, where it is a picture of this shop."""
        own = self.book.cover_image_url
        return f"{self.base_url}{own}" if own and own.startswith("/uploads/") else None

    @property
    def linked_data(self) -> Markup:
        """JSON-LD for search engines. Nothing in it ends the script element that it stands in."""
        return Markup(json.dumps(self._linked_data(), ensure_ascii=False).translate(_IN_SCRIPT))  # noqa: S704

    def _linked_data(self) -> dict[str, Any]:
        book = self.book
        there = "InStock" if book.stock_quantity else "OutOfStock"
        data: dict[str, Any] = {
            "@context": "https://schema.org",
            "@type": ["Product", "Book"],
            "name": book.title,
            "author": {"@type": "Person", "name": book.author},
            "url": f"{self.base_url}/shop/books/{book.id}",
            "offers": {
                "@type": "Offer",
                "price": money_text(book.price),
                "priceCurrency": self.currency,
                "availability": f"https://schema.org/{there}",
                "seller": {"@type": "Organization", "name": self.seller},
            },
            "isbn": book.isbn,
            "image": self.picture,
            "description": book.description,
            "datePublished": book.publish_date.isoformat() if book.publish_date else None,
        }
        if self.rating:
            figures = {"ratingValue": self.rating, "reviewCount": book.rating_count}
            data["aggregateRating"] = {"@type": "AggregateRating", **figures}
        return {name: value for name, value in data.items() if value is not None}


class BookPages:
    """Pages of books, as this visitor sees them."""

    def __init__(
        self,
        request: Request,
        visitor: AnyVisitor,
        genres: Genres,
        shelves: ShelvesDep,
        reviews: Reviews,
        wishlists: Wishlists,
        bookings: PreBookings,
    ) -> None:
        self._settings, self._shop = SETTINGS.of(request), shop_of(request)
        self._reader = visitor.caller
        self._genres, self._shelves, self._reviews = genres, shelves, reviews
        self._wishlists, self._bookings = wishlists, bookings

    async def page(self, book: BookView, form: Form, number: int = 1) -> BookPage:
        """All that the page shows; `form` is the review as it was sent, where it was refused."""
        total, reviews = await self._reviews.page(book.id, (number - 1) * REVIEWS, REVIEWS)
        return BookPage(
            book=book,
            genre=await self._genres.name_of(book.genre_id) if book.genre_id else None,
            more=await self._shelves.by_author(book, MORE),
            reviews=reviews,
            review_page=number,
            last_page=max(1, ceil(total / REVIEWS)),
            reader=await self._reader_view(self._reader.id, book.id) if self._reader else None,
            form=form,
            base_url=self._settings.public_base_url,
            currency=self._shop.currency,
            seller=self._shop.name,
        )

    async def _reader_view(self, user_id: int, book_id: int) -> ReaderView:
        eligibility = await self._reviews.eligibility(user_id, book_id)
        return ReaderView(
            wished=await self._wishlists.holds(user_id, book_id),
            prebooking=await self._bookings.waiting_id(user_id, book_id),
            eligibility=eligibility,
            own_review=await self._reviews.get(eligibility.review_id) if eligibility.review_id else None,
        )


BookPagesDep = Annotated[BookPages, Depends()]


@router.get("/shop/books/{book_id}")
async def show(request: Request, book_id: Id, books: Books, pages: BookPagesDep, page: int = 1) -> Response:
    """The page of a book."""
    number = min(max(page, 1), LAST_PAGE)
    return render(request, await pages.page(await books.get(book_id), Form(), number))
