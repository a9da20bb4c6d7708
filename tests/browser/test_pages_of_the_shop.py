"""Every page that guests and readers see, in both themes, on a phone and on a desk."""

import pytest

from tests.browser.inspection import Rounds
from tests.browser.visits import NO_PAGE, PUBLIC, READERS, VISITS, Visit, routes


def test_no_page_is_forgotten():
    """A page that is added is visited, or it is said what it is instead."""
    visited = {visit.route or visit.path.partition("?")[0] for visit in VISITS}
    assert visited - {"not_found", "docs"} | set(NO_PAGE) == set(routes())


@pytest.mark.parametrize("visit", [pytest.param(visit, id=visit.name) for visit in (*PUBLIC, *READERS)])
async def test_a_page(rounds: Rounds, visit: Visit):
    await rounds.inspect(visit)
