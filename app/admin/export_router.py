"""GET /admin/export/*.csv."""

from contextlib import aclosing
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from app.accounts.deps import AdminUser, NoStoreRoute
from app.admin.exports import ExportName, Period, csv_pieces
from app.audit.service import record
from app.core.db.transaction import Database, Session
from app.core.values import Moment

router = APIRouter(prefix="/admin/export", tags=["staff"], route_class=NoStoreRoute)

MEDIA_TYPE = "text/csv; charset=utf-8; header=present"
ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file",
        "content": {"text/csv": {"schema": {"type": "string"}}},
        "headers": {"Content-Disposition": {"schema": {"type": "string"}}},
    }
}


async def get_period(
    created_from: Annotated[Moment | None, Query(description="Inclusive; ISO 8601, UTC without offset")] = None,
    created_to: Annotated[Moment | None, Query(description="Exclusive; ISO 8601, UTC without offset")] = None,
) -> Period:
    """The period of an export."""
    return Period(created_from, created_to)


InPeriod = Annotated[Period, Depends(get_period)]


class Export(Response):
    """A file that is read from the database while it is sent, on one picture of it.

    It is sent when the transaction of the request has ended, so it opens one of its own, and ends it however the
    sending ends. When it cannot be opened the answer is a problem; what fails later breaks the connection, so that
    half a file is never taken for a whole one.
    """

    def __init__(self, database: Database, name: ExportName, period: Period) -> None:
        super().__init__()
        self._database = database
        self._name = name
        self._period = period

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        today = datetime.now(UTC).date().isoformat()
        headers = {"Content-Disposition": f'attachment; filename="{self._name}-{today}.csv"'}
        async with (
            self._database.snapshot() as connection,
            aclosing(csv_pieces(connection, self._name, self._period)) as pieces,
        ):
            await StreamingResponse(pieces, headers=headers, media_type=MEDIA_TYPE)(scope, receive, send)


async def _export(request: Request, session: Session, admin: AdminUser, name: ExportName, period: Period) -> Export:
    await record(session, admin, "export.made", after={"file": name, "from": period.start, "to": period.end})
    return Export(request.app.state.database, name, period)


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
