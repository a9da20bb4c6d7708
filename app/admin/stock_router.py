"""Setting and adjusting the stock of a book."""

from fastapi import APIRouter

from app.accounts.deps import AdminUser
from app.admin.deps import Restock
from app.catalog.deps import BookId
from app.catalog.schemas import BookOut, MovementOut, StockAdjustment, StockSet
from app.core.db.route import TransactionRoute
from app.core.openapi import problems

router = APIRouter(prefix="/books/{book_id}/stock", tags=["stock"], route_class=TransactionRoute)


@router.patch("", summary="Set the stock", responses=problems("BOOK_NOT_FOUND"))
async def set_stock(book_id: BookId, body: StockSet, admin: AdminUser, restock: Restock) -> BookOut:
    """The absolute new stock; setting the present one changes nothing. From 0 upwards, pre-bookers are told."""
    return BookOut.model_validate(await restock.set_stock(book_id, body.quantity, body.reason, admin))


@router.post(
    "/adjustments",
    status_code=201,
    summary="Adjust the stock",
    responses=problems("BOOK_NOT_FOUND", "STOCK_OUT_OF_RANGE"),
)
async def adjust_stock(book_id: BookId, body: StockAdjustment, admin: AdminUser, restock: Restock) -> MovementOut:
    """Add or take copies, with a reason. From 0 upwards, pre-bookers are told."""
    movement = await restock.adjust_stock(book_id, body.delta, body.kind, body.reason, admin)
    return MovementOut.model_validate(movement)
