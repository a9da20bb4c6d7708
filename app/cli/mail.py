"""`bookstore outbox`."""

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncSession

from app.admin.outbox import RequeueService
from app.cli.terminal import on_database, out
from app.core.config import ConfigurationError
from app.mail.models import OutboxMail
from app.mail.schemas import MailStatus
from app.mail.service import OutboxService

outbox = typer.Typer(no_args_is_help=True, help="The mails that wait, and those that were given up.")


@outbox.command("list")
def list_mails(
    status: Annotated[MailStatus, typer.Option(help="Which mails.")] = "dead",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, the newest first.")] = 50,
) -> None:
    """List mails, the newest first, and say why the last attempt failed."""

    async def work(session: AsyncSession) -> tuple[int, Sequence[OutboxMail]]:
        return await OutboxService(session).page(status, 0, limit)

    total, mails = on_database(lambda database: database.transaction(work))
    if mails:
        out.print(_table(mails))
    out.print(f"Mails that are {status}: {total}.")


def _table(mails: Sequence[OutboxMail]) -> Table:
    table = Table("id", "queued", "kind", "recipient", "attempts", "last error", box=None)
    for mail in mails:
        queued = f"{mail.created_at:%Y-%m-%d %H:%M}"
        words = (str(mail.id), queued, mail.kind, mail.recipient, str(mail.attempts), mail.last_error or "")
        table.add_row(*map(escape, words))
    return table


@outbox.command("requeue")
def requeue(
    mail_ids: Annotated[list[int] | None, typer.Argument(metavar="ID...", help="Which dead mails.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All dead mails.")] = False,
) -> None:
    """Queue mails again that were given up."""
    if everything == bool(mail_ids):
        raise ConfigurationError("Name the mails to queue again by their ids, or say --all")

    async def work(session: AsyncSession) -> list[int]:
        return await RequeueService(session).requeue_dead(mail_ids or None)

    queued = on_database(lambda database: database.transaction(work))
    out.print(f"Mails queued again: {len(queued)}.")
    if missing := sorted(set(mail_ids or ()) - set(queued)):
        raise ConfigurationError(f"Not a dead mail: {', '.join(map(str, missing))}")
