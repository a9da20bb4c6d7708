"""GET /cart and its lines."""

from fastapi import APIRouter

from app.accounts.deps import CurrentUser
from app.cart.deps import Carts
from app.cart.schemas import AddItem, CartItemOut, CartOut, ChangeItem
from app.core.db.route import TransactionRoute, one_statement, only_reads
from app.core.openapi import problems
from app.core.values import Id

router = APIRouter(prefix="/cart", tags=["cart"], route_class=TransactionRoute)
LINE_PROBLEMS = problems("CART_ITEM_NOT_FOUND", "CART_ITEM_FORBIDDEN")


@router.get("", summary="Show the cart")
@only_reads
async def show_cart(user: CurrentUser, carts: Carts) -> CartOut:
    """The caller's lines in order of adding, at the prices of the moment. Without a cart it is empty."""
    return CartOut.of(await carts.lines(user.id))


@router.post(
    "/items",
    status_code=201,
    summary="Add a book",
    responses=problems("BOOK_NOT_FOUND", "CART_BOOK_OUT_OF_STOCK", "CART_ITEM_DUPLICATE", "CART_FULL"),
)
@one_statement
async def add_cart_item(body: AddItem, user: CurrentUser, carts: Carts) -> CartItemOut:
    """A quantity above the stock is accepted; checkout judges it. Quantities are not merged."""
    return CartItemOut.of(await carts.add(user.id, body.book_id, body.quantity))


@router.put("/items/{item_id}", summary="Change a quantity", responses=LINE_PROBLEMS)
async def change_cart_item(item_id: Id, body: ChangeItem, user: CurrentUser, carts: Carts) -> CartItemOut:
    """Set the quantity of a line of the caller; checkout judges the stock."""
    return CartItemOut.of(await carts.change(user.id, item_id, body.quantity))


@router.delete("/items/{item_id}", status_code=204, summary="Take a book out", responses=LINE_PROBLEMS)
async def remove_cart_item(item_id: Id, user: CurrentUser, carts: Carts) -> None:
    """Delete a line of the caller."""
    await carts.remove(user.id, item_id)
