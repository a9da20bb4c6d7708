"""GET /wishlist and what is on it."""

from fastapi import APIRouter, Response

from app.accounts.deps import CurrentUser
from app.catalog.deps import BookId
from app.core.db.route import TransactionRoute
from app.core.deps import LIST_HEADERS, CursorsDep, CursorText, OptionalLimit
from app.core.openapi import problems
from app.core.paging import next_link
from app.wishlist.deps import Wishlists
from app.wishlist.schemas import AddWish, WishlistOut, WishOut

router = APIRouter(prefix="/wishlist", tags=["wishlist"], route_class=TransactionRoute)


@router.get("", summary="Show the wishlist", responses={200: {"headers": LIST_HEADERS}})
async def show_wishlist(
    user: CurrentUser,
    wishlists: Wishlists,
    response: Response,
    cursors: CursorsDep,
    limit: OptionalLimit = None,
    cursor: CursorText = None,
) -> WishlistOut:
    """The caller's books, the newest first, with price and stock of the moment."""
    scope = f"wishlist of {user.id}"
    page = await wishlists.page(user.id, limit, cursors.position(scope, cursor))
    response.headers["X-Total-Count"] = str(page.total)
    if page.more:
        last = page.entries[-1]
        following = cursors.behind_row(scope, last.added_at, last.id)
        response.headers["Link"] = next_link("/wishlist", limit=limit, cursor=following)
    return WishlistOut.of(page.entries)


@router.post(
    "",
    status_code=201,
    summary="Put a book on the wishlist",
    responses=problems("BOOK_NOT_FOUND", "WISHLIST_ITEM_DUPLICATE", "WISHLIST_FULL"),
)
async def add_to_wishlist(body: AddWish, user: CurrentUser, wishlists: Wishlists) -> WishOut:
    """Any book of the catalogue, in stock or not, once."""
    return WishOut.of(await wishlists.add(user.id, body.book_id))


@router.delete(
    "/{book_id}",
    status_code=204,
    summary="Take a book off the wishlist",
    responses=problems("WISHLIST_ITEM_NOT_FOUND"),
)
async def remove_from_wishlist(book_id: BookId, user: CurrentUser, wishlists: Wishlists) -> None:
    """By the id of the book."""
    await wishlists.remove(user.id, book_id)
