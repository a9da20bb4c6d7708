"""GET /admin/export/*.csv."""

from typing import Any

from fastapi import APIRouter, Request, Response

from app.accounts.deps import AdminUser, NoStoreRoute
from app.admin.export_answer import Export, InPeriod
from app.admin.exports import ExportName, ExportPeriod
from app.audit.service import record
from app.core.db.route import Session
from app.core.db.transaction import DATABASE

router = APIRouter(prefix="/admin/export", tags=["staff"], route_class=NoStoreRoute)

ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file",
        "content": {"text/csv": {"schema": {"type": "string"}}},
        "headers": {"Content-Disposition": {"schema": {"type": "string"}}},
    }
}


async def _export(
    request: Request, session: Session, admin: AdminUser, name: ExportName, period: ExportPeriod
) -> Export:
    await record(session, admin, "export.made", after={"file": name, "from": period.start, "to": period.end})
    return Export(DATABASE.of(request), name, period)


@router.get("/orders.csv", summary="Export orders", response_class=Response, responses=ANSWER)
async def export_orders(request: Request, session: Session, admin: AdminUser, period: InPeriod) -> Response:
    """A row a line of an order, the oldest first: buyer, book as it was bought, price, payment."""
    return await _export(request, session, admin, "orders", period)


@router.get("/books.csv", summary="Export books", response_class=Response, responses=ANSWER)
async def export_books(request: Request, session: Session, admin: AdminUser, period: InPeriod) -> Response:
    """A row a book with its price and stock, by id. `bookstore import` reads it."""
    return await _export(request, session, admin, "books", period)


@router.get("/movements.csv", summary="Export stock movements", response_class=Response, responses=ANSWER)
async def export_movements(request: Request, session: Session, admin: AdminUser, period: InPeriod) -> Response:
    """A row a change of stock, the oldest first: what, when, why and by whom."""
    return await _export(request, session, admin, "movements", period)
