"""Every page of the back office, in both themes, on a phone and on a desk."""

import pytest

from tests.browser.inspection import TOO_WIDE, Rounds, violations
from tests.browser.scene import Scene
from tests.browser.support import PHONE, Street
from tests.browser.visits import STAFF, Visit


@pytest.mark.parametrize("visit", [pytest.param(visit, id=visit.name) for visit in STAFF])
async def test_a_page(rounds: Rounds, visit: Visit):
    await rounds.inspect(visit)


async def test_what_a_check_of_the_shop_came_to(street: Street, scene: Scene):
    page = await street.window(scene.staff, width=PHONE)
    await page.goto("/staff/verify")
    await page.get_by_role("main").get_by_role("button").click()
    await page.get_by_role("table").wait_for()
    assert await page.get_by_text("Broken", exact=True).count() == 0
    assert await page.evaluate(TOO_WIDE) <= 0
    assert await violations(page) == ""
