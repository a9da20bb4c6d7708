"""`bookstore export`."""

import sys
from collections.abc import Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO

import typer
from pydantic import TypeAdapter, ValidationError

from app.admin.exports import ExportName, ExportPeriod, csv_pieces
from app.cli.terminal import on_database
from app.core.db.transaction import Database
from app.core.values import Moment

_MOMENT = TypeAdapter[Moment](Moment)


def export(
    name: Annotated[ExportName, typer.Argument(help="What to export.")],
    start: Annotated[str | None, typer.Option("--from", help="Made at or after this date or time (UTC).")] = None,
    end: Annotated[str | None, typer.Option("--to", help="Made before this date or time (UTC).")] = None,
    output: Annotated[Path | None, typer.Option(help="The file; without it, standard output.")] = None,
) -> None:
    """Write orders, books or stock movements as CSV for the bookkeeper."""
    period = ExportPeriod(_moment(start, "--from"), _moment(end, "--to"))

    async def write(database: Database) -> None:
        with _opened(output) as stream:
            async with database.snapshot() as connection, aclosing(csv_pieces(connection, name, period)) as pieces:
                async for piece in pieces:
                    stream.write(piece)
            stream.flush()

    on_database(write)


def _moment(text: str | None, option: str) -> Moment | None:
    try:
        return None if text is None else _MOMENT.validate_python(text)
    except ValidationError as error:
        raise typer.BadParameter("write a date like 2026-11-22, or 2026-11-22T08:45Z", param_hint=option) from error


@contextmanager
def _opened(output: Path | None) -> Iterator[BinaryIO]:
    """The file appears under its name when it is complete."""
    if output is None:
        yield sys.stdout.buffer
        return
    draft = output.with_name(f"{output.name}.part")
    try:
        with draft.open("wb") as stream:
            yield stream
        draft.replace(output)
    finally:
        draft.unlink(missing_ok=True)
