"""The outbox as a dependency of operations that send mail."""

from typing import Annotated

from fastapi import Depends, Request

from app.core.db.route import Session
from app.core.parts import Part
from app.mail.outbox import Outbox
from app.mail.service import OutboxService

OUTBOX = Part[Outbox]("outbox")


async def get_outbox(request: Request) -> Outbox:
    """The outbox that the application was composed with."""
    return OUTBOX.of(request)


async def get_mails(session: Session) -> OutboxService:
    """The mails of the outbox on the session of this request."""
    return OutboxService(session)


OutboxDep = Annotated[Outbox, Depends(get_outbox)]
Mails = Annotated[OutboxService, Depends(get_mails)]
