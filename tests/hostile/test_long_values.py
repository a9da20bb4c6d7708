"""A value of any length is read in one go: what ends badly is not tried in every other way."""

import time

import pytest

from app.catalog.importer.cells import BadCell, read_price
from tests.processes.support import Premises

DIGITS = "9" * 12_000
MUCH = 30
"""What is read in two ways takes a thousand times as long at such a length."""


@pytest.mark.parametrize("value", [DIGITS + "x", "0." + DIGITS + "x", "1e" + DIGITS + "x", " " * 12_000 + "x"])
@pytest.mark.parametrize("path", ["/books?min_price={}", "/shop?max={}"])
async def test_a_price_of_any_length_keeps_nobody_waiting(premises: Premises, path: str, value: str):
    """Seen to fail with a pattern that read each digit in two ways: 12,000 of them stopped the server for 9 seconds."""

    async def seconds(given: str) -> float:
        began = time.perf_counter()
        answer = await premises.shop.client.get(path.format(given))
        assert answer.status_code in {200, 422}
        return time.perf_counter() - began

    plain = sorted([await seconds("9") for _ in range(5)])[2]
    assert min([await seconds(value), await seconds(value)]) < MUCH * plain


def test_a_price_of_any_length_stops_no_import():
    """Seen to fail without the bound: blanks may stand before the digits and among them."""

    def seconds(cell: str) -> float:
        began = time.perf_counter()
        with pytest.raises(BadCell):
            read_price(cell)
        return time.perf_counter() - began

    short, long = (min(seconds(f"${' ' * size}!") for _ in range(3)) for size in (2_000, 20_000))
    assert long < MUCH * max(short, 1e-6)
