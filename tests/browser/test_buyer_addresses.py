"""A reader keeps addresses: the fields follow the country, with scripts and without."""

from playwright.async_api import expect

from tests.addresses.support import GERMAN, add
from tests.browser.inspection import violations
from tests.browser.support import PHONE, Street
from tests.browser.walking import button, heading, link, said, with_and_without_scripts
from tests.support import Person


@with_and_without_scripts
async def test_a_reader_keeps_an_address_of_another_country(street: Street, buyer: Person, scripts: bool):
    page = await street.window(buyer, width=PHONE, scripts=scripts)
    await page.goto("/account/addresses")
    await link(page, "Add an address").click()
    await heading(page, "New address")
    await page.get_by_label("Name", exact=True).fill("Zoë Côté")
    await page.get_by_label("Street address").fill("1 Rue Notre-Dame\nApt 2")
    await page.get_by_label("City").fill("Montréal")
    await page.get_by_label("State").select_option("California")
    await page.get_by_label("ZIP code").fill("94043")
    await page.get_by_label("Country").focus()
    await page.get_by_label("Country").select_option("Canada")
    if scripts:
        await expect(button(page, "Change country")).to_have_count(0)
    else:
        await button(page, "Change country").click()
    await expect(page.get_by_label("Province")).to_have_value("")
    await expect(page.get_by_label("Street address")).to_have_value("1 Rue Notre-Dame\nApt 2")
    await expect(page.get_by_label("City")).to_have_value("Montréal")
    await expect(page.get_by_label("Postal code")).to_have_value("94043")
    await expect(page.locator("[aria-invalid=true]")).to_have_count(0)
    if scripts:
        await expect(page.get_by_label("Country")).to_be_focused()
        assert await violations(page) == ""
    await button(page, "Save").click()
    await expect(page.get_by_role("alert")).to_contain_text("Postal code: Please enter one like H3Z 2Y7.")
    await page.get_by_label("Postal code").fill("h2y 1c6")
    await page.get_by_label("Province").select_option("Quebec")
    await page.get_by_label("Postal code").press("Enter")
    await heading(page, "Addresses")
    await expect(said(page)).to_contain_text("The address is in your book.")
    await expect(page.get_by_role("main")).to_contain_text("Montréal QC H2Y 1C6")


async def test_going_back_to_a_country_brings_back_what_was_typed_for_it(street: Street, buyer: Person):
    page = await street.window(buyer)
    await page.goto("/account/addresses/new")
    await page.get_by_label("State").select_option("California")
    await page.get_by_label("Country").select_option("Germany")
    await expect(page.get_by_label("State")).to_have_count(0)
    await page.get_by_label("Country").select_option("United States")
    await expect(page.get_by_label("State")).to_have_value("CA")


@with_and_without_scripts
async def test_a_reader_changes_and_deletes_addresses(street: Street, buyer: Person, scripts: bool):
    await add(street.shop, buyer, GERMAN, label="Büro")
    await add(street.shop, buyer, {**GERMAN, "name": "Oma"})
    page = await street.window(buyer, scripts=scripts)
    await page.goto("/account/addresses")
    await button(page, "Make it the default").click()
    await expect(said(page)).to_contain_text("This is your default address now.")
    await expect(page.get_by_role("heading", level=2).first).to_have_text("Oma Default")
    await link(page, "Change Büro").click()
    await page.get_by_label("Street address").fill("Im Tal 5")
    await button(page, "Save").click()
    await expect(page.get_by_role("main")).to_contain_text("Im Tal 5")
    await button(page, "Delete Oma").click()
    await expect(page.get_by_role("main")).not_to_contain_text("Oma")
    await expect(page.get_by_role("heading", level=2).first).to_have_text("Büro Default")
