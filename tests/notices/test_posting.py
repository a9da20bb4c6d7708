"""What puts a notice into an inbox, and what does not."""

import pytest
from httpx2 import Response

from tests.accounts.support import NEW_PASSWORD, PASSWORD, log_in, mailed_token, reader
from tests.catalog.support import set_stock
from tests.notices.support import inbox, notices
from tests.prebookings.support import buy, restock, wait_for
from tests.support import Person, Shop


async def cancel(shop: Shop, person: Person, path: str, **body: str) -> Response:
    answer = await shop.client.post(f"{path}/cancel", headers=person.headers, json=body or None)
    assert answer.status_code == 200, answer.text
    return answer


async def told(shop: Shop, person: Person) -> list[tuple[str, str, str]]:
    return [(item["kind"], item["title"], item["path"]) for item in await notices(shop, person)]


async def test_a_restock_is_told_in_the_shop_too(shop: Shop):
    admin, person, book = await shop.admin(), await shop.person(), await shop.book(title="Emma", stock_quantity=0)
    await wait_for(shop, person, book)
    assert await notices(shop, person) == []
    await restock(shop, admin, book)
    assert await told(shop, person) == [("restock", "'Emma' is back in stock", f"/shop/books/{book}")]
    assert (await inbox(shop, person)).json()["unread_count"] == 1
    assert await notices(shop, admin) == []


async def test_mail_and_notice_lead_to_one_page(shop: Shop):
    admin, person, book = await shop.admin(), await shop.person(), await shop.book(stock_quantity=0)
    await wait_for(shop, person, book)
    await restock(shop, admin, book)
    html = await shop.scalar("SELECT html FROM email_outbox WHERE kind = 'restock'")
    assert f'href="http://localhost:8000{(await notices(shop, person))[0]["path"]}"' in html


async def test_inactive_users_get_no_notice(shop: Shop):
    admin, person, book = await shop.admin(), await shop.person(), await shop.book(stock_quantity=0)
    await wait_for(shop, person, book)
    await shop.rows("UPDATE users SET is_active = false WHERE id = :id", id=person.id)
    await restock(shop, admin, book)
    assert await shop.scalar("SELECT count(*) FROM notices") == 0


async def test_the_next_restock_is_another_notice(shop: Shop):
    admin, person, book = await shop.admin(), await shop.person(), await shop.book(stock_quantity=0)
    for _ in range(2):
        await wait_for(shop, person, book)
        await restock(shop, admin, book)
        await restock(shop, admin, book)
        await set_stock(shop, admin, book, 0)
    assert len(await notices(shop, person)) == 2


async def test_the_longest_title_fits_and_stays_on_its_line(shop: Shop):
    title = "\u0085" + "x" * 499
    admin, person, book = await shop.admin(), await shop.person(), await shop.book(title=title, stock_quantity=0)
    await wait_for(shop, person, book)
    await restock(shop, admin, book)
    assert (await notices(shop, person))[0]["title"] == f"' {title[1:]}' is back in stock"


async def test_staff_who_cancel_an_order_tell_the_buyer_why_once(shop: Shop):
    admin, buyer = await shop.admin(), await shop.person()
    order = await buy(shop, buyer, await shop.book())
    for _ in range(2):
        await cancel(shop, admin, f"/admin/orders/{order}", reason="The last copy was damaged.")
    number = await shop.scalar("SELECT number FROM orders")
    assert await told(shop, buyer) == [
        ("order_cancelled", f"Your order {number} was cancelled", f"/account/orders/{order}")
    ]
    assert "The last copy was damaged." in (await notices(shop, buyer))[0]["body"]
    assert await notices(shop, admin) == []


async def test_an_order_of_books_that_are_gone_is_told_of_all_the_same(shop: Shop):
    admin, buyer, book = await shop.admin(), await shop.person(), await shop.book()
    order = await buy(shop, buyer, book)
    await shop.client.delete(f"/books/{book}", headers=admin.headers)
    await cancel(shop, admin, f"/admin/orders/{order}", reason="Gone")
    assert [kind for kind, *_ in await told(shop, buyer)] == ["order_cancelled"]


async def test_buyers_who_cancel_know_it(shop: Shop):
    buyer = await shop.person()
    await cancel(shop, buyer, f"/orders/{await buy(shop, buyer, await shop.book())}")
    assert await notices(shop, buyer) == []


async def test_a_changed_password_is_told(shop: Shop):
    person = await reader(shop)
    body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    answer = await shop.client.post("/auth/password", headers=person.headers, json=body)
    assert answer.status_code == 204
    assert await told(shop, person) == [("password_changed", "Your password was changed", "/account")]


async def test_a_reset_password_is_told_a_link_that_was_asked_for_is_not(shop: Shop):
    person = await reader(shop)
    await shop.client.post("/auth/password/forgot", json={"email": person.email})
    assert await notices(shop, person) == []
    body = {"token": await mailed_token(shop, "password_reset"), "new_password": NEW_PASSWORD}
    assert (await shop.client.post("/auth/password/reset", json=body)).status_code == 204
    assert [kind for kind, *_ in await told(shop, person)] == ["password_changed"]


async def test_signing_in_and_buying_post_nothing(shop: Shop):
    person = await reader(shop)
    assert (await log_in(shop.client, person.email)).status_code == 200
    await buy(shop, person, await shop.book())
    assert await notices(shop, person) == []


@pytest.mark.parametrize(("start", "end"), [(1, 5), (0, 0), (3, 0)])
async def test_other_changes_of_stock_post_nothing(shop: Shop, start: int, end: int):
    admin, person, book = await shop.admin(), await shop.person(), await shop.book(stock_quantity=0)
    await wait_for(shop, person, book)
    await shop.rows("UPDATE books SET stock_quantity = :n WHERE id = :id", n=start, id=book)
    await set_stock(shop, admin, book, end)
    assert await notices(shop, person) == []
