"""A purchase without a mouse: everything is reached with Tab, and one sees where one is."""

from playwright.async_api import Page, expect

from tests.browser.support import PHONE, Street
from tests.browser.walking import heading, said, with_and_without_scripts

MOST_STOPS = 60
FOCUSED = """() => {
    const focused = document.activeElement;
    const label = focused.labels?.length ? focused.labels[0].innerText : focused.innerText;
    const { left, top, right, bottom } = focused.getBoundingClientRect();
    const [x, y] = [Math.max(left, 0) + Math.min(right, innerWidth), Math.max(top, 0) + Math.min(bottom, innerHeight)];
    const uppermost = document.elementFromPoint(x / 2, y / 2);
    const { outlineStyle, outlineWidth } = getComputedStyle(focused);
    return {
        name: (focused.getAttribute("aria-label") || label).replace(/\\s+/g, " ").trim(),
        is_outlined: outlineStyle !== "none" && parseFloat(outlineWidth) >= 2,
        is_seen: focused.contains(uppermost) || Boolean(uppermost?.contains(focused)),
        is_main: Boolean(focused.closest("main")),
    };
}"""


async def tab_to(page: Page, name: str, *, main: bool = True, key: str = "Tab") -> None:
    """Walk to what begins with that name; each stop on the way is outlined and not hidden behind anything."""
    for _ in range(MOST_STOPS):
        await page.keyboard.press(key)
        stop = await page.evaluate(FOCUSED)
        assert stop["is_outlined"], f"one does not see that {stop['name']!r} has the focus"
        assert stop["is_seen"], f"{stop['name']!r} is hidden behind something"
        if stop["name"].startswith(name) and stop["is_main"] == main:
            return
    raise AssertionError(f"Tab does not lead to {name!r}")


async def press(page: Page, name: str, *, main: bool = True, key: str = "Tab") -> None:
    await tab_to(page, name, main=main, key=key)
    await page.keyboard.press("Enter")


async def search(page: Page, title: str, scripts: bool) -> None:
    """Choose among the suggestions where there are any, else from the list of results."""
    if scripts:
        await page.keyboard.press("Control+k")
        await page.keyboard.type(title)
        await page.get_by_role("option").first.wait_for()
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("Enter")
    else:
        await tab_to(page, "Search", main=False)
        await page.keyboard.type(title)
        await page.keyboard.press("Enter")
        await heading(page, f"Results for “{title}”")
        await press(page, title)
    await heading(page, title)


async def sign_in(page: Page, account: dict[str, str]) -> None:
    await heading(page, "Sign in")
    await tab_to(page, "E-mail address")
    await page.keyboard.type(account["email"])
    await tab_to(page, "Password")
    await page.keyboard.type(account["password"])
    await page.keyboard.press("Enter")


@with_and_without_scripts
async def test_a_purchase_without_a_mouse(street: Street, scripts: bool):
    title = f"The Patient Typist {'with' if scripts else 'without'} scripts"
    await street.shop.book(title=title, price="14.00", stock_quantity=2)
    account = {"email": f"keys.{scripts}@example.com".lower(), "password": "up down left right"}
    assert (await street.shop.client.post("/auth/register", json=account)).status_code == 201
    page = await street.window(scripts=scripts)
    await page.goto("/")
    await search(page, title, scripts)
    await press(page, "Add to basket")
    await expect(said(page)).to_have_text("Added to your basket.")
    await press(page, "Basket", main=False, key="Shift+Tab" if scripts else "Tab")
    await heading(page, "Your basket")
    await press(page, "Go to checkout")
    await heading(page, "Checkout")
    await press(page, "Sign in")
    await sign_in(page, account)
    await heading(page, "Checkout")
    await tab_to(page, "Let the payment fail")
    await page.keyboard.press("Space")
    await press(page, "Pay")
    alert = page.get_by_role("alert")
    await expect(alert).to_contain_text("Your payment was declined.")
    if scripts:
        await expect(alert).to_be_focused()
    await press(page, "Pay")
    await heading(page, "Thank you, your order is confirmed")
    await press(page, "See the order")
    await expect(page.get_by_role("row", name=title)).to_contain_text("14.00")


async def test_the_first_stop_of_a_page_leads_to_its_content(street: Street):
    page = await street.window(width=PHONE, scripts=False)
    await page.goto("/")
    await page.keyboard.press("Tab")
    assert (await page.evaluate(FOCUSED))["name"] == "Skip to content"
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    assert (await page.evaluate(FOCUSED))["name"] == "Browse all books"


async def test_every_stop_of_a_long_page_is_seen(street: Street):
    """The header stays at the top while one walks back through the page; it must not hide where one is."""
    page = await street.window(width=PHONE)
    await page.goto("/shop")
    await page.get_by_role("link", name="Next").focus()
    await press(page, "Filter and sort", key="Shift+Tab")
    await tab_to(page, "Genre")
