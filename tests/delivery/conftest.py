"""A browser for the pages of staff."""

from tests.web.conftest import browser

__all__ = ["browser"]
