"""A catalogue of its own for each import test."""

from pathlib import Path

import pytest

from tests.importer.support import Catalogue


@pytest.fixture
def catalogue(database_url: str, tmp_path: Path) -> Catalogue:
    return Catalogue(database_url.replace("+asyncpg", ""), tmp_path)
