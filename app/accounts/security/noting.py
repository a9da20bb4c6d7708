"""Noting security events: what came to pass in its transaction, what was refused after it. Each is a line of the log.

What is noted holds ids, words of ours, and what `client_of` makes of the request. Nothing that a client sent goes in.
"""

import logging
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.security.client import Client, client_of
from app.accounts.security.kinds import Kind
from app.accounts.security.note import NOWHERE, SecurityNote
from app.accounts.security.repository import keep
from app.core.db.transaction import once_committed
from app.core.errors import RateLimited
from app.core.logging import NO_REQUEST, request_id

LINES_A_MINUTE = 120
"""Of each kind of refusal, in each process: a flood must not fill the disk by way of the log either."""
_WORDS = re.compile(r"[\w ./{}:-]{1,80}", re.ASCII)

log = logging.getLogger("app.security")


class Noted:
    """What the request that is served has noted and nobody has stored yet, and the client it comes from."""

    def __init__(self, scope: Mapping[str, Any]) -> None:
        self._scope = scope
        self._client: Client | None = None
        self.refusals: list[SecurityNote] = []

    @property
    def client(self) -> Client:
        if self._client is None:
            self._client = client_of(self._scope)
        return self._client


noted: ContextVar[Noted | None] = ContextVar("noted", default=None)


async def record(session: AsyncSession, kind: Kind, user_id: int | None, **detail: str) -> None:
    """Note what came to pass, in the transaction that does it; the log tells of it after COMMIT."""
    note = _note(kind, user_id, None, detail)
    await keep(session, note)
    once_committed(session, partial(_write_line, note))


def note_refusal(kind: Kind, user_id: int | None = None, *, email: str | None = None, **detail: str) -> None:
    """Note what was refused: it is stored when the request's transaction is over, right before the answer goes out.

    Never fails. `email` finds the account where nobody has looked for it, and is forgotten.
    """
    note = _note(kind, user_id, email, detail)
    _lines.write(note)
    if request := noted.get():
        request.refusals.append(note)


@contextmanager
def limit_noted(operation: str, email: str | None = None) -> Iterator[None]:
    """Note the RateLimited that is raised within; `email` is that of the account whose limit it is."""
    try:
        yield
    except RateLimited:
        kind = Kind.SIGN_IN_LIMITED if operation == "login" else Kind.OPERATION_LIMITED
        note_refusal(kind, email=email, operation=operation, limit="account" if email else "network")
        raise


def operation_of(scope: Mapping[str, Any]) -> str:
    """Method and path of the operation that the request of this scope calls, in the words of its route."""
    return f"{scope['method']} {getattr(scope.get('route'), 'path_format', '')}"


def _note(kind: Kind, user_id: int | None, email: str | None, detail: dict[str, str]) -> SecurityNote:
    request, own_id = noted.get(), request_id.get()
    return SecurityNote(
        kind,
        user_id,
        email,
        request.client if request else NOWHERE,
        tuple(sorted((name, value if _WORDS.fullmatch(value) else "?") for name, value in detail.items())),
        None if own_id == NO_REQUEST else own_id,
    )


def _write_line(note: SecurityNote) -> None:
    log.log(logging.WARNING if note.is_refusal else logging.INFO, "%s", line_of(note))


def line_of(note: SecurityNote) -> str:
    """`event=… account=… network=… device=…`, then the detail: words of ours, so nobody can forge a line."""
    told = {"event": note.kind.value, "account": note.user_id, "network": note.client.network}
    pairs = {**told, "device": note.client.device, **dict(note.detail)}
    return " ".join(f"{name}={_quoted(value)}" for name, value in pairs.items())


def _quoted(value: object) -> str:
    text = "-" if value is None else str(value)
    return f'"{text}"' if " " in text else text


class _Lines:
    """Lines about refusals, so many a minute of each kind; what was left out is told with the next one."""

    def __init__(self) -> None:
        self._minutes: dict[Kind, tuple[int, int]] = {}

    def write(self, note: SecurityNote) -> None:
        minute = int(time.monotonic() // 60)
        last, count = self._minutes.get(note.kind, (minute, 0))
        if last != minute:
            if count > LINES_A_MINUTE:
                log.warning("event=lines_left_out kind=%s times=%d", note.kind.value, count - LINES_A_MINUTE)
            count = 0
        self._minutes[note.kind] = (minute, count + 1)
        if count < LINES_A_MINUTE:
            _write_line(note)


_lines = _Lines()
