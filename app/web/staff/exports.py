"""Files for the bookkeeper, as the API gives them, for those who come by browser."""

from fastapi import APIRouter, Request, Response

from app.accounts.deps import NoStoreRoute
from app.admin.export_answer import Export, InPeriod
from app.admin.exports import ExportName
from app.audit.service import record
from app.core.db.route import Session
from app.core.db.transaction import DATABASE
from app.web.access import Staff
from app.web.route import PrivatePageRoute


class ExportRoute(PrivatePageRoute, NoStoreRoute):
    """A page's guards before the file, and no cache for what is streamed behind the transaction."""


router = APIRouter(include_in_schema=False, route_class=ExportRoute)


@router.get("/staff/export/{name}.csv")
async def export(request: Request, name: ExportName, session: Session, staff: Staff, period: InPeriod) -> Response:
    """One of the files, streamed."""
    await record(session, staff, "export.made", after={"file": name, "from": period.start, "to": period.end})
    return Export(DATABASE.of(request), name, period)
