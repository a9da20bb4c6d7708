"""The shop that is verified."""

import pytest

from tests.support import Shop
from tests.verify.support import furnish


@pytest.fixture
async def settled(shop: Shop) -> Shop:
    """A shop with a past, on the rolled-back connection."""
    await furnish(shop)
    return shop
