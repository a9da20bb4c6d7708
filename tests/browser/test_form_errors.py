"""Whoever fills a form in wrongly is told so at once, also when listening; with scripts and without."""

import pytest
from playwright.async_api import Page

from app.accounts.passwords import hash_password
from tests.browser.inspection import violations
from tests.browser.scene import Scene
from tests.browser.slips import LOOKED_AT_ELSEWHERE, NOTHING_TO_FILL_IN, SLIPS, Slip, sent_forms
from tests.browser.support import PHONE, Street

# Filled in by a script: browsers would stop some of these, and the shop must not rely on them.
FILL = """
    (form, typed) => {
        form.noValidate = true;
        form.closest("details")?.setAttribute("open", "");
        for (const [name, value] of Object.entries(typed)) {
            const part = form.elements[name];
            typeof value === "boolean" ? (part.checked = value) : (part.value = value);
        }
    }
"""


def test_no_form_is_forgotten():
    """A form that is added is filled in wrongly, or has nothing to fill in."""
    filled_in = {slip.route or slip.action for slip in SLIPS} - {"/shop"}
    assert filled_in | NOTHING_TO_FILL_IN | set(LOOKED_AT_ELSEWHERE) == sent_forms()


async def fill_in(page: Page, action: str, typed: dict[str, str | bool]) -> None:
    fields = "".join(f":has([name='{name}'])" for name in typed)
    form = page.locator(f"form[action='{action}']{fields}, form[action^='{action}?']{fields}").first
    await form.evaluate(FILL, typed)
    button = form.locator("button[type=submit]").first
    await (button.click() if await button.is_visible() else form.evaluate("form => form.requestSubmit()"))


async def assert_told(page: Page, wrong: set[str]) -> None:
    """An alert says what is wrong and leads to the fields, which say it too."""
    alert = page.locator("[role=alert], [role=status] .flash.bad").first
    await alert.wait_for()
    assert (await alert.inner_text()).strip()
    for name in wrong:
        part = page.locator(f"[name='{name}'][aria-invalid=true], [id='f-{name}'][aria-invalid=true]").first
        described = await part.get_attribute("aria-describedby") or ""
        message = page.locator(f"[id='{described.split()[-1]}']")
        assert await message.is_visible()
        assert (await message.inner_text()).strip()
    marked = await page.locator("[aria-invalid=true]").evaluate_all(
        "parts => parts.map(({ name, id }) => name || id)"
    )
    assert {str(mark).removeprefix("f-") for mark in marked} == wrong
    for link in await page.locator(".wrongs a[href^='#']").all():
        target = page.locator(f"[id='{(await link.get_attribute('href') or '#')[1:]}']")
        assert await target.get_attribute("aria-invalid") == "true"


def ways() -> list[tuple[Slip, bool]]:
    """All slips with scripts; without them those of buyers. The forms of staff are made of the same macros."""
    return [(slip, True) for slip in SLIPS] + [(slip, False) for slip in SLIPS if slip.who != "staff"]


@pytest.mark.parametrize(
    ("slip", "scripts"), [pytest.param(*way, id=f"{way[0].name}-{'scripts' if way[1] else 'none'}") for way in ways()]
)
async def test_a_slip_is_announced(street: Street, scene: Scene, slip: Slip, scripts: bool):
    person = None if slip.who == "guest" else getattr(scene, slip.who)
    page = await street.window(person, width=PHONE, scripts=scripts)
    await page.goto(slip.page.format(**scene.ids))
    await fill_in(page, slip.action.format(**scene.ids), dict(slip.typed))
    await assert_told(page, slip.wrong)
    if scripts and slip.who != "staff":
        assert await violations(page) == ""
    if scripts and await page.locator("[data-focus]").count():
        assert await page.evaluate("document.activeElement.matches('[data-focus]')")


async def test_a_wrong_password_is_announced(street: Street):
    reader = await street.shop.person(hashed_password=await hash_password("correct horse battery"))
    page = await street.window(reader)
    await page.goto("/account/password")
    await fill_in(page, "/account/password", {"current_password": "x", "new_password": "y"})
    await assert_told(page, {"new_password"})
    await fill_in(page, "/account/password", {"current_password": "x", "new_password": "another horse battery"})
    await assert_told(page, {"current_password"})
    assert await page.locator("[type=password]").evaluate_all("fields => fields.map(({ value }) => value)") == [
        "",
        "",
    ]
