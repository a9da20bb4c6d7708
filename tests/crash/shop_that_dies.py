"""`bookstore` with a bomb in it: it kills itself (SIGKILL) at a named point of a checkout, once the fuse file exists.

Run as `python -m tests.crash.shop_that_dies POINT FUSE serve …`. The shop's own code knows nothing of this.
"""

import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from app.cli.main import main
from app.core.db import transaction
from app.orders.idempotency import IdempotencyKeys
from app.orders.repository import OrderRepository
from app.payments.attempts import PaymentAttempts

POINTS = ("after claim", "after lock", "after charge", "after insert", "before COMMIT", "after COMMIT")
METHODS: dict[str, tuple[type, str]] = {
    "after claim": (IdempotencyKeys, "claim"),
    "after lock": (OrderRepository, "lock_books"),
    "after charge": (PaymentAttempts, "charge"),
    "after insert": (OrderRepository, "create_order"),
}


def die_if_lit(fuse: Path) -> None:
    """The fuse burns once: the shop that is started next lives."""
    if fuse.exists():
        fuse.unlink()
        os.kill(os.getpid(), signal.SIGKILL)


def plant(point: str, fuse: Path) -> None:
    """Put the bomb in its place."""
    if point in METHODS:
        owner, name = METHODS[point]
        setattr(owner, name, _after(getattr(owner, name), fuse))
        return
    commit = transaction._commit

    async def commit_with_bomb(session: Any, undos: Any) -> None:
        charged = bool(session.info.get("undos"))
        if charged and point == "before COMMIT":
            die_if_lit(fuse)
        await commit(session, undos)
        if charged and point == "after COMMIT":
            die_if_lit(fuse)

    transaction._commit = commit_with_bomb


def _after(method: Callable[..., Awaitable[Any]], fuse: Path) -> Callable[..., Awaitable[Any]]:
    async def with_bomb(*given: Any, **named: Any) -> Any:
        result = await method(*given, **named)
        die_if_lit(fuse)
        return result

    return with_bomb


if __name__ == "__main__":
    plant(sys.argv[1], Path(sys.argv[2]))
    sys.argv = ["bookstore", *sys.argv[3:]]
    main()
