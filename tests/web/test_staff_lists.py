"""The lists of the back office: orders, readers, reviews, mails, audit."""

from typing import Any

import pytest

from app.web.route import PageRoute
from app.web.router import BACK_OFFICE
from tests.support import Person
from tests.web.browser import Browser, forms

PAGES = ["/staff/orders", "/staff/users", "/staff/reviews", "/staff/mails", "/staff/audit"]


async def an_order(browser: Browser, **columns: Any) -> tuple[Person, int, int]:
    """A buyer, a book and the order of two copies."""
    buyer = await browser.shop.person(display_name="Ann", **columns)
    book = await browser.shop.book(title="Mort", author="Terry Pratchett")
    await browser.shop.add_to_cart(buyer, book, 2)
    return buyer, book, (await browser.shop.checkout(buyer)).json()["id"]


def addresses() -> list[tuple[str, str]]:
    return [
        (method, route.path)
        for router in BACK_OFFICE
        for route in router.routes
        if isinstance(route, PageRoute)
        for method in sorted(route.methods or ())
    ]


@pytest.mark.parametrize(("method", "path"), addresses())
async def test_only_staff_come_in(browser: Browser, method: str, path: str):
    path = (
        path.replace("{order_id}", "1").replace("{user_id}", "1").replace("{mail_id}", "1").replace("{book_id}", "1")
    )
    await browser.open("/")
    token = browser.page.text.split('data-csrf="')[1].split('"')[0]
    guest = await browser.client.request(method, path, data={"csrf": token} if method == "POST" else None)
    assert guest.status_code == 303
    assert guest.headers["location"].startswith("/account/sign-in")
    await browser.reader()
    token = (await browser.open("/")).text.split('data-csrf="')[1].split('"')[0]
    reader = await browser.client.request(method, path, data={"csrf": token} if method == "POST" else None)
    assert reader.status_code == 403
    assert "For staff only" in reader.text


@pytest.mark.parametrize("path", PAGES)
async def test_an_empty_list_says_so_and_senseless_filters_do_no_harm(browser: Browser, path: str):
    await browser.staff()
    assert (await browser.open(path)).status_code == 200
    nonsense = (
        "status=x&user=x&from=x&to=9999-12-31&page=x&role=x&active=x&sort=x&low=9&book=0&id=x&subject=x&action=%00"
    )
    assert (await browser.open(f"{path}?{nonsense.replace('%00', 'y')}")).status_code == 200
    assert (await browser.open(f"{path}?email=%00")).status_code == 404
    if path in {"/staff/orders", "/staff/audit"}:
        answer = await browser.client.get(f"{path}?from=2026-11-22&cursor=damaged")
        assert (answer.status_code, answer.headers["location"]) == (303, f"{path}?from=2026-11-22")


async def test_orders_are_found_and_cancelled_with_a_reason(browser: Browser):
    buyer, book, order = await an_order(browser)
    await browser.staff()
    await browser.open(f"/staff/orders?email={buyer.email.upper()}&status=confirmed")
    assert f'href="/staff/orders/{order}"' in browser.page.text
    assert "$20.00" in browser.text
    assert "No orders here" in (await browser.open("/staff/orders?status=cancelled")).text
    await browser.open(f"/staff/orders/{order}")
    await browser.send(f"/staff/orders/{order}/cancel", reason=" ")
    assert browser.page.status_code == 422
    assert "Please fill this in." in browser.text
    await browser.send(f"/staff/orders/{order}/cancel", reason="The copies were damaged")
    assert "The order is cancelled." in browser.text
    assert "The copies were damaged" in browser.text
    assert "Cancel this order" not in browser.text
    assert await browser.shop.scalar("SELECT stock_quantity FROM books WHERE id = :id", id=book) == 10
    assert await browser.shop.scalar("SELECT count(*) FROM audit_events WHERE action = 'order.cancelled'") == 1


async def test_a_list_of_orders_has_pages(browser: Browser):
    buyer, _, _ = await an_order(browser)
    await browser.shop.rows(
        "INSERT INTO orders (user_id, created_at) SELECT :id, now() - n * interval '1 hour' FROM generate_series(1, 35) n",
        id=buyer.id,
    )
    await browser.staff()
    await browser.open(f"/staff/orders?user={buyer.id}")
    assert "36 orders" in browser.text
    first = browser.page.text.count('href="/staff/orders/')
    following = browser.page.text.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    await browser.open(following)
    assert first + browser.page.text.count('href="/staff/orders/') == 36


async def test_a_reader_is_locked_out_and_let_in_again(browser: Browser):
    reader = await browser.shop.person(display_name="Ann")
    await browser.staff()
    await browser.open(f"/staff/users?email={reader.email[:8]}&role=user&active=yes")
    assert reader.email in browser.text
    await browser.open(f"/staff/users/{reader.id}")
    await browser.send(f"/staff/users/{reader.id}/deactivate")
    assert "The account is locked out" in browser.text
    assert (await browser.client.get("/auth/me", headers=reader.headers)).status_code == 403
    await browser.send(f"/staff/users/{reader.id}/reactivate")
    assert "can sign in again" in browser.text
    actions = await browser.shop.rows("SELECT action FROM audit_events ORDER BY id")
    assert [action for (action,) in actions] == ["user.deactivated", "user.reactivated"]


async def test_staff_cannot_be_locked_out(browser: Browser):
    other = await browser.shop.admin()
    await browser.staff()
    await browser.open(f"/staff/users/{other.id}")
    assert "Staff cannot be locked out here" in browser.text
    token = browser.page.text.split('data-csrf="')[1].split('"')[0]
    path = f"/staff/users/{other.id}/deactivate"
    browser.page = await browser.client.post(path, data={"csrf": token}, follow_redirects=True)
    assert "Cannot deactivate admin accounts" in browser.text


async def test_several_reviews_are_deleted_at_once(browser: Browser):
    buyer, book, _ = await an_order(browser)
    other = await browser.shop.book(title="Emma")
    for reviewed, stars in ((book, 1), (other, 5)):
        await browser.shop.rows(
            "INSERT INTO reviews (user_id, book_id, rating, text) VALUES (:user, :book, :stars, 'Opinion <i>')",
            user=buyer.id,
            book=reviewed,
            stars=stars,
        )
    ids = [str(number) for (number,) in await browser.shop.rows("SELECT id FROM reviews")]
    await browser.staff()
    await browser.open("/staff/reviews?low=2&high=5&sort=worst")
    assert "1 review" in browser.text
    assert "Opinion &lt;i&gt;" in browser.page.text
    await browser.open("/staff/reviews")
    await browser.send("/staff/reviews/delete")
    assert "Tick the reviews" in browser.text
    await browser.send("/staff/reviews/delete", review_ids=[*ids, "x", "999999999999"])
    assert "2 reviews were deleted." in browser.text
    assert await browser.shop.scalar("SELECT count(*) FROM audit_events WHERE action = 'review.deleted'") == 2


async def test_a_dead_mail_is_seen_and_tried_again(browser: Browser):
    await an_order(browser)
    mail = await browser.shop.scalar(
        "UPDATE email_outbox SET status = 'dead', last_error = '550 No such mailbox' RETURNING id"
    )
    await browser.staff()
    await browser.open("/staff/mails?status=dead")
    assert "550 No such mailbox" in browser.text
    await browser.open(f"/staff/mails/{mail}")
    await browser.send(f"/staff/mails/{mail}/requeue")
    assert "will be tried again at once" in browser.text
    assert await browser.shop.scalar("SELECT status FROM email_outbox WHERE id = :id", id=mail) == "pending"
    assert f"/staff/mails/{mail}/requeue" not in [form.action for form in forms(browser.page.text)]


async def test_a_mail_is_shown_where_it_can_do_nothing(browser: Browser):
    await an_order(browser)
    mail = await browser.shop.scalar("SELECT id FROM email_outbox")
    await browser.staff()
    assert 'sandbox=""' in (await browser.open(f"/staff/mails/{mail}")).text
    body = await browser.open(f"/staff/mails/{mail}/body")
    assert "Your order is confirmed" in body.text
    assert "cid:" not in body.text
    assert 'src="data:image/png;base64,' in body.text
    assert "sandbox" in body.headers["content-security-policy"]
    assert "script-src" not in body.headers["content-security-policy"]


async def test_links_that_open_an_account_are_not_shown_to_staff(browser: Browser):
    reader = await browser.shop.person()
    await browser.client.post("/auth/password/forgot", json={"email": reader.email})
    mail = await browser.shop.scalar("SELECT id FROM email_outbox WHERE kind = 'password_reset'")
    await browser.staff()
    page = await browser.open(f"/staff/mails/{mail}")
    assert "token=" not in page.text
    assert "it may hold a link" in browser.text
    assert (await browser.open(f"/staff/mails/{mail}/body")).status_code == 404


async def test_the_audit_trail_tells_what_was_before_and_after(browser: Browser):
    book = await browser.shop.book(title="Mort", stock_quantity=3)
    admin = await browser.staff()
    await browser.client.patch(f"/books/{book}/stock", headers=admin.headers, json={"quantity": 7})
    delivery = {"delta": 2, "kind": "restock", "reason": "Delivery"}
    await browser.client.post(f"/books/{book}/stock/adjustments", headers=admin.headers, json=delivery)
    await browser.open(f"/staff/audit?subject=book&id={book}")
    assert "<ins>Restock</ins>" in browser.page.text
    assert "<del>3</del>" in browser.page.text
    assert "<ins>7</ins>" in browser.page.text
    assert admin.email in browser.text
    assert "Nothing here" in (await browser.open("/staff/audit?subject=order")).text
