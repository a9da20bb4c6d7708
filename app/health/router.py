"""Is the process alive, can it serve, and how is it doing?"""

from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from app import __version__
from app.core.db.server import current_revision, newest_revision
from app.core.db.transaction import DATABASE
from app.core.errors import DomainError
from app.core.metrics import exposition
from app.core.middleware import storable_text
from app.core.openapi import problems

router = APIRouter(tags=["health"], dependencies=[Depends(storable_text)])


class Health(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"
    version: str = __version__


class Checks(BaseModel):
    """What readiness needs, each `ok` or `failed`."""

    database: Literal["ok", "failed"]
    migrations: Literal["ok", "failed"]


class Ready(BaseModel):
    """Everything a request needs is there."""

    status: Literal["ready"] = "ready"
    checks: Checks


class NotReady(DomainError):
    """A check failed; `checks` tells which."""

    code = "NOT_READY"
    status = HTTPStatus.SERVICE_UNAVAILABLE
    title = "Not ready"
    detail = "The shop cannot serve at the moment."

    def __init__(self, checks: Checks) -> None:
        super().__init__()
        self.checks = checks

    def members(self) -> dict[str, object]:
        return {"checks": self.checks.model_dump()}

    def retry_after(self) -> int:
        return 5


async def get_engine(request: Request) -> AsyncEngine:
    """The pool of this process."""
    return DATABASE.of(request).engine


Engine = Annotated[AsyncEngine, Depends(get_engine)]


@router.get("/health", summary="Liveness")
async def health() -> Health:
    """Answers as long as the process runs; touches nothing."""
    return Health()


@router.get("/health/ready", summary="Readiness", responses=problems("NOT_READY"))
async def ready(engine: Engine) -> Ready:
    """Whether the database answers and stands at the newest revision."""
    checks = await _checks(engine)
    if "failed" in checks.model_dump().values():
        raise NotReady(checks)
    return Ready(checks=checks)


async def _checks(engine: AsyncEngine) -> Checks:
    try:
        current = await current_revision(engine)
    except (SQLAlchemyError, OSError):
        return Checks(database="failed", migrations="failed")
    return Checks(database="ok", migrations="ok" if current == newest_revision() else "failed")


@router.get(
    "/metrics",
    summary="Prometheus metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def metrics(engine: Engine) -> Response:
    """Requests and durations by route and status, checkouts by outcome, mails and jobs by status, pool use."""
    body = exposition() + await _waiting(engine)
    return Response(body, media_type="text/plain; version=0.0.4; charset=utf-8")


_MAILS = "SELECT status, count(*) FROM email_outbox GROUP BY status"
_JOBS = "SELECT status, count(*) FROM jobs GROUP BY status"


async def _waiting(engine: AsyncEngine) -> bytes:
    mails = dict.fromkeys(("pending", "sent", "dead", "suppressed"), 0)
    jobs = dict.fromkeys(("pending", "dead"), 0)
    try:
        async with engine.connect() as connection:
            for counts, query in ((mails, _MAILS), (jobs, _JOBS)):
                for status, number in await connection.execute(text(query)):
                    counts[status] = number
    except (SQLAlchemyError, OSError):
        return b""
    lines = [*_gauge("bookstore_outbox_mails", "Mails", mails), *_gauge("bookstore_jobs", "Jobs", jobs)]
    return ("\n".join(lines) + "\n").encode()


def _gauge(name: str, what: str, by_status: dict[str, int]) -> list[str]:
    values = [f'{name}{{status="{status}"}} {count}' for status, count in sorted(by_status.items())]
    return [f"# HELP {name} {what} by status", f"# TYPE {name} gauge", *values]
