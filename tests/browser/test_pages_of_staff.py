"""Every page of the back office, in both themes, on a phone and on a desk."""

import pytest

from tests.browser.inspection import inspect
from tests.browser.scene import Scene
from tests.browser.support import Street
from tests.browser.visits import STAFF, Visit


@pytest.mark.parametrize("visit", [pytest.param(visit, id=visit.name) for visit in STAFF])
async def test_a_page(street: Street, scene: Scene, visit: Visit):
    await inspect(street, scene, visit)
