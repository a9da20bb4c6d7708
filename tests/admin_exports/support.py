"""Reading exports back."""

import csv
import io
from pathlib import Path
from typing import Any

from httpx2 import Response

from tests.support import Person, Shop

Row = dict[str, str]


def read(content: bytes) -> list[Row]:
    """The rows by column, as Python's own reader sees them."""
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True))


async def exported(shop: Shop, person: Person, name: str, **period: str) -> list[Row]:
    answer = await ask(shop, person, name, **period)
    assert answer.status_code == 200, answer.text
    return read(answer.content)


async def ask(shop: Shop, person: Person, name: str, **period: Any) -> Response:
    return await shop.client.get(f"/admin/export/{name}.csv", headers=person.headers, params=period)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}
