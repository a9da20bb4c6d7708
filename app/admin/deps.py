"""The services of staff on the session of a request."""

from typing import Annotated

from fastapi import Depends, Request

from app.admin.imports import Imports
from app.admin.reports.service import ReportService
from app.admin.restock import RestockService
from app.core.db.route import Session
from app.core.parts import SETTINGS
from app.mail.deps import OutboxDep


async def get_restock(session: Session, outbox: OutboxDep) -> RestockService:
    """Restocking on the session of this request."""
    return RestockService(session, outbox)


async def get_imports(request: Request, session: Session) -> Imports:
    """Imports by page on the session of this request."""
    return Imports(session, SETTINGS.of(request).max_genres)


async def get_reports(session: Session) -> ReportService:
    """Reports on the session of this request."""
    return ReportService(session)


Restock = Annotated[RestockService, Depends(get_restock)]
Reports = Annotated[ReportService, Depends(get_reports)]
ImportsDep = Annotated[Imports, Depends(get_imports)]
