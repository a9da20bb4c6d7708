"""An export as the answer to a request, and the period that is asked for."""

from contextlib import aclosing
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Query, Response
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from app.admin.exports import ExportName, ExportPeriod, csv_pieces
from app.core.db.transaction import Database
from app.core.values import Moment

MEDIA_TYPE = "text/csv; charset=utf-8; header=present"


async def get_period(
    created_from: Annotated[Moment | None, Query(description="Inclusive; ISO 8601, UTC without offset")] = None,
    created_to: Annotated[Moment | None, Query(description="Exclusive; ISO 8601, UTC without offset")] = None,
) -> ExportPeriod:
    """The period of an export."""
    return ExportPeriod(created_from, created_to)


InPeriod = Annotated[ExportPeriod, Depends(get_period)]


class Export(Response):
    """A file that is read from the database while it is sent, on one picture of it.

    It is sent when the transaction of the request has ended, so it opens one of its own, and ends it however the
    sending ends. When it cannot be opened the answer is a problem; what fails later breaks the connection, so that
    half a file is never taken for a whole one.
    """

    def __init__(self, database: Database, name: ExportName, period: ExportPeriod) -> None:
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
