"""`bookstore verify` and `bookstore sweep`."""

import typer

from app.cli.terminal import on_database, out
from app.cli.verification import render_verification
from app.core.config import load_settings
from app.core.db.transaction import Database
from app.verify.service import verify_patiently


def verify() -> None:
    """Check that the laws of the shop hold, such as stock and its ledger; exit code 1 when one does not."""
    verification = on_database(verify_patiently)
    render_verification(verification, out)
    raise typer.Exit(0 if verification.ok else 1)


def sweep() -> None:
    """Do now what the worker does every hour: delete what has expired and images of no book, tidy up for search."""
    from app.admin.housekeeping import sweep_all  # noqa: PLC0415 - all slices, which `verify` does without

    async def work(database: Database) -> tuple[int, int]:
        return await sweep_all(database, load_settings())

    rows, files = on_database(work)
    out.print(f"{rows} rows and {files} files of images deleted.")
