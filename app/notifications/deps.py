"""The outbox as a dependency of operations that send mail."""

from typing import Annotated

from fastapi import Depends, Request

from app.notifications.outbox import Outbox


async def get_outbox(request: Request) -> Outbox:
    """The outbox that the application was composed with."""
    return request.app.state.outbox  # type: ignore[no-any-return]


OutboxDep = Annotated[Outbox, Depends(get_outbox)]
