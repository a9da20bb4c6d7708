"""The way in: what is imported for a second or two can be interrupted without a traceback."""

import gc
import sys


def main() -> None:
    """Run the `bookstore` command."""
    try:
        gc.disable()  # all that is imported stays: looking through it again and again takes a sixth of the start
        from app.cli.main import main as run  # noqa: PLC0415 - here, so that Ctrl-C is caught meanwhile

        gc.enable()
        run()
    except KeyboardInterrupt:
        sys.exit(130)
