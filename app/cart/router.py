"""GET /cart and its lines."""

from fastapi import APIRouter, Depends, Response

from app.accounts.deps import CurrentUser
from app.cart.deps import Carts, Opening, Owner
from app.cart.schemas import AddItem, CartItemOut, CartOut, ChangeItem, GuestCartOut, MergeCart, MergedCartOut
from app.core.db.route import TransactionRoute, one_statement, only_reads
from app.core.middleware import storable_text
from app.core.openapi import problems
from app.core.values import Id

router = APIRouter(prefix="/cart", tags=["cart"], route_class=TransactionRoute)
LINE_PROBLEMS = problems("CART_ITEM_NOT_FOUND", "CART_ITEM_FORBIDDEN", "CART_TOKEN_UNKNOWN")


@router.get("", summary="Show the cart", responses=problems("CART_TOKEN_UNKNOWN"))
@only_reads
async def show_cart(owner: Owner, carts: Carts) -> CartOut:
    """The caller's lines in order of adding, at the prices of the moment. Without a cart it is empty."""
    return CartOut.of(await carts.lines(owner))


@router.post(
    "",
    status_code=201,
    summary="Open a guest's cart",
    responses=problems("RATE_LIMITED"),
    dependencies=[Depends(storable_text)],
)
async def open_cart(opening: Opening, carts: Carts, response: Response) -> GuestCartOut:
    """An empty cart without an account. Whoever has its token, which is told this once, has the cart."""
    await opening.count()
    response.headers["Cache-Control"] = "no-store"
    return GuestCartOut(token=await carts.open())


@router.post("/merge", summary="Merge a guest's cart into one's own")
async def merge_cart(body: MergeCart, user: CurrentUser, carts: Carts) -> MergedCartOut:
    """Put the lines of a guest's cart into the caller's, and end the guest's: its token is good no more.

    Of a title in both the larger number stays. Sold-out titles and quantities above the stock are kept. What did not
    fit in is named in `left_out`. A token without a cart, such as one that was merged, changes nothing.
    """
    left_out = await carts.merge(body.token, user.id)
    return MergedCartOut.merged(await carts.lines(user.id), left_out)


@router.post(
    "/items",
    status_code=201,
    summary="Add a book",
    responses=problems(
        "BOOK_NOT_FOUND", "CART_BOOK_OUT_OF_STOCK", "CART_ITEM_DUPLICATE", "CART_FULL", "CART_TOKEN_UNKNOWN"
    ),
)
@one_statement
async def add_cart_item(body: AddItem, owner: Owner, carts: Carts) -> CartItemOut:
    """A quantity above the stock is accepted; checkout judges it. Quantities are not merged."""
    return CartItemOut.of(await carts.add(owner, body.book_id, body.quantity))


@router.put("/items/{item_id}", summary="Change a quantity", responses=LINE_PROBLEMS)
async def change_cart_item(item_id: Id, body: ChangeItem, owner: Owner, carts: Carts) -> CartItemOut:
    """Set the quantity of a line of the caller; checkout judges the stock."""
    return CartItemOut.of(await carts.change(owner, item_id, body.quantity))


@router.delete("/items/{item_id}", status_code=204, summary="Take a book out", responses=LINE_PROBLEMS)
async def remove_cart_item(item_id: Id, owner: Owner, carts: Carts) -> None:
    """Delete a line of the caller."""
    await carts.remove(owner, item_id)
