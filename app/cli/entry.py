"""The way in: what is imported for a second or two can be interrupted without a traceback."""

import sys


def main() -> None:
    """Run the `bookstore` command."""
    try:
        from app.cli.main import main as run  # noqa: PLC0415 - here, so that Ctrl-C is caught meanwhile

        run()
    except KeyboardInterrupt:
        sys.exit(130)
