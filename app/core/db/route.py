"""A request is a transaction.

`TransactionRoute` runs the whole operation (dependencies, endpoint, serialisation) as the unit of work, so COMMIT
comes before the first byte of the answer, and a deadlock repeats all of it with values read anew.
"""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db.transaction import DATABASE

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


def only_reads(endpoint: Endpoint) -> Endpoint:
    """Mark an endpoint of a TransactionRoute that writes nothing and locks nothing: see `Database.reading`."""
    endpoint.__dict__["only_reads"] = True
    return endpoint


def one_statement(endpoint: Endpoint) -> Endpoint:
    """Mark an endpoint of a TransactionRoute all of whose changes are made by one statement: it is a transaction."""
    endpoint.__dict__["one_statement"] = True
    return endpoint


class TransactionRoute(APIRoute):
    """A route whose every request is one transaction of the application's database."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The route's handler, run as the unit of work."""
        handle = super().get_route_handler()
        reads, changes_once = hasattr(self.endpoint, "only_reads"), hasattr(self.endpoint, "one_statement")

        async def in_transaction(request: Request) -> Response:
            async def work(session: AsyncSession) -> Response:
                request.state.session = session
                return await handle(request)

            database = DATABASE.of(request)
            if reads:
                return await database.reading(work)
            return await database.transaction(work, one_statement=changes_once)

        return in_transaction


async def get_session(request: Request) -> AsyncSession:
    """The session of this request; it takes a connection at its first statement."""
    return request.state.session  # type: ignore[no-any-return]


Session = Annotated[AsyncSession, Depends(get_session)]
