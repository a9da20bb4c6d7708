"""No more mails of a kind: the links, the page, the one click of RFC 8058, and the way back."""

import re
from typing import Any

import pytest
from httpx2 import Response

from app.core.config import Settings
from app.core.keys import Keys
from app.mail.outbox import Outbox
from app.mail.unsubscribe import UnsubscribeLinks
from tests.accounts.support import PASSWORD
from tests.catalog.support import set_stock
from tests.catalog.test_restock import mails, states, wait_for
from tests.support import Person, Shop, assert_problem

FORM = {"List-Unsubscribe": "One-Click"}
WANTS = "SELECT restock_mails FROM users WHERE id = :id"


async def wants(shop: Shop, person: Person) -> bool:
    return await shop.scalar(WANTS, id=person.id)


async def mailed_link(shop: Shop, person: Person) -> str:
    """The address to unsubscribe of a restock mail, as path and query."""
    admin, book = await shop.admin(), await shop.book(stock_quantity=0)
    await wait_for(shop, person, book)
    await set_stock(shop, admin, book, 1)
    url = await shop.scalar("SELECT unsubscribe_url FROM email_outbox ORDER BY id DESC LIMIT 1")
    assert url.startswith("http://localhost:8000/mail/unsubscribe?token=")
    return url.removeprefix("http://localhost:8000")


async def click(shop: Shop, link: str, **content: Any) -> Response:
    return await shop.client.post(link, **(content or {"data": FORM}))


async def test_the_mail_holds_the_link_that_its_header_names(shop: Shop):
    link = await mailed_link(shop, await shop.person())
    html = await shop.scalar("SELECT html FROM email_outbox")
    assert f'href="http://localhost:8000{link}"' in html


async def test_one_click_stops_the_mails_for_good(shop: Shop):
    person, other = await shop.person(), await shop.person()
    link = await mailed_link(shop, person)
    for _ in range(2):
        answer = await click(shop, link)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert not await wants(shop, person)
    assert await wants(shop, other)


async def test_a_mail_program_may_send_the_form_in_parts(shop: Shop):
    person = await shop.person()
    link = await mailed_link(shop, person)
    answer = await click(shop, link, files={"List-Unsubscribe": (None, "One-Click")})
    assert answer.status_code == 200
    assert not await wants(shop, person)


async def test_who_refused_is_notified_without_a_mail(shop: Shop):
    """Seen to fail when the choice of mails is not asked, and when it is asked of the pre-booking."""
    admin, book = await shop.admin(), await shop.book(stock_quantity=0)
    refusing, other = await shop.person(restock_mails=False), await shop.person()
    waiting = [await wait_for(shop, person, book) for person in (refusing, other)]
    await set_stock(shop, admin, book, 1)
    assert await states(shop) == dict.fromkeys(waiting, "notified")
    assert await mails(shop) == [other.email]


async def test_other_mails_come_all_the_same(shop: Shop):
    person = await shop.person(restock_mails=False)
    await shop.add_to_cart(person, await shop.book())
    await shop.checkout(person)
    assert await mails(shop) == [person.email]


async def test_the_page_only_asks(shop: Shop):
    """Programs that look at mails open their links as well. Seen to fail when GET does what POST does."""
    person = await shop.person()
    link = await mailed_link(shop, person)
    answer = await shop.client.get(link)
    assert answer.status_code == 200
    assert '<form method="post"><button name="List-Unsubscribe" value="One-Click">' in answer.text
    assert (await shop.client.head(link)).status_code == 405
    assert await wants(shop, person)


async def test_the_page_runs_no_script_and_tells_nobody_its_address(shop: Shop):
    link = await mailed_link(shop, await shop.person())
    pages = [await shop.client.get(link), await click(shop, link), await shop.client.get("/mail/unsubscribe?token=x")]
    nonces = set()
    for page in pages:
        policy = page.headers["content-security-policy"]
        nonces.add(re.findall(r"'nonce-([\w-]+)'", policy)[0])
        assert policy.startswith("default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
        assert "unsafe" not in policy
        assert page.headers["referrer-policy"] == "no-referrer"
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["x-robots-tag"] == "noindex"
        assert "<script" not in page.text
        assert link.partition("=")[2] not in page.text
    assert len(nonces) == 3


async def test_the_page_shows_nothing_of_the_request(shop: Shop):
    answer = await shop.client.get("/mail/unsubscribe?token=%3Cscript%3Ealert(1)%3C/script%3E")
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "alert" not in answer.text


def forged(links: dict[str, str]) -> list[str]:
    """Tokens that are not ours, or ours for something else."""
    good, key = links["token"], links["key"]
    head, _, signature = good.partition(".")
    of_another_purpose = UnsubscribeLinks("", Keys.of(key).unsubscribe_links)._serializer
    of_another_purpose.salt = b"another purpose"
    other = of_another_purpose.dumps([1, "restock"])
    stranger = UnsubscribeLinks("", Keys.of("x" * 32).unsubscribe_links).url(1, "restock").partition("=")[2]
    needed = UnsubscribeLinks("", Keys.of(key).unsubscribe_links).url(1, "order_confirmation").partition("=")[2]
    serializer = UnsubscribeLinks("", Keys.of(key).unsubscribe_links)._serializer
    shapes = ("restock", None, [1], [1, ["restock"]], [1, {}], ["1", "restock"], [0, "restock"], [2**31, "restock"])
    shapeless = [serializer.dumps(shape) for shape in shapes]
    bent = [good[:-1], good + "x", f"{head}.", f".{signature}", head, "", "ü", "a" * 5000, f"x{good}"]
    return [*bent, other, stranger, needed, *shapeless, links["access"]]


async def test_what_we_did_not_sign_for_this_changes_nothing(shop: Shop):
    """Seen to fail with the signature unchecked (`loads_unsafe`), and with the kind unchecked."""
    person = await shop.person()
    token = (await mailed_link(shop, person)).partition("=")[2]
    for bad in forged({"token": token, "key": shop.app.state.signing_key, "access": person.token}):
        posted = await shop.client.post("/mail/unsubscribe", params={"token": bad}, data=FORM)
        assert_problem(posted, 400, "AUTH_LINK_INVALID")
        assert (await shop.client.get("/mail/unsubscribe", params={"token": bad})).status_code == 400
    assert_problem(await shop.client.post("/mail/unsubscribe", data=FORM), 400, "AUTH_LINK_INVALID")
    assert await shop.scalar("SELECT every(restock_mails) FROM users")


async def test_an_unsubscribe_token_opens_nothing_else(shop: Shop):
    token = (await mailed_link(shop, await shop.person())).partition("=")[2]
    assert_problem(
        await shop.client.get("/auth/me", headers={"Authorization": f"Bearer {token}"}), 401, "AUTH_TOKEN_INVALID"
    )
    assert_problem(await shop.client.post("/auth/verify-email", json={"token": token}), 400, "AUTH_LINK_INVALID")
    body = {"token": token, "new_password": PASSWORD}
    assert_problem(await shop.client.post("/auth/password/reset", json=body), 400, "AUTH_LINK_INVALID")


@pytest.mark.parametrize(
    "content",
    [
        {"data": {"List-Unsubscribe": "no"}},
        {"data": {"Other": "One-Click"}},
        {"json": FORM},
        {"content": b""},
        {"files": {"List-Unsubscribe": ("a.txt", b"One-Click")}},
        {"data": {"List-Unsubscribe": "One-Click\0"}},
    ],
)
async def test_a_body_that_is_not_the_form_is_422(shop: Shop, content: dict[str, Any]):
    person = await shop.person()
    link = await mailed_link(shop, person)
    assert_problem(await click(shop, link, **content), 422, "VALIDATION_ERROR", "List-Unsubscribe")
    assert await wants(shop, person)


async def test_a_body_in_broken_parts_is_400(shop: Shop):
    link = await mailed_link(shop, await shop.person())
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    assert_problem(await click(shop, link, content=b"--y\r\n", headers=headers), 400, "HTTP_400")


async def test_a_token_that_no_column_can_hold_is_422(shop: Shop):
    answer = await shop.client.post("/mail/unsubscribe?token=%00", data=FORM)
    assert_problem(answer, 422, "VALIDATION_ERROR")


async def test_a_link_works_for_closed_accounts_and_does_no_harm_for_those_that_are_gone(shop: Shop):
    person = await shop.person()
    link = await mailed_link(shop, person)
    await shop.rows("UPDATE users SET is_active = false WHERE id = :id", id=person.id)
    assert (await click(shop, link)).status_code == 200
    assert not await wants(shop, person)
    await shop.rows("DELETE FROM users WHERE id = :id", id=person.id)
    assert (await click(shop, link)).status_code == 200


async def test_the_account_says_and_changes_what_its_owner_wants(shop: Shop):
    person = await shop.person(display_name="Ada")
    await click(shop, await mailed_link(shop, person))

    async def change(**body: object) -> bool:
        answer = await shop.client.patch("/auth/me", headers=person.headers, json=body)
        assert answer.status_code == 200, answer.text
        assert answer.json() == (await shop.client.get("/auth/me", headers=person.headers)).json()
        assert answer.json()["display_name"] == "Ada"
        return answer.json()["restock_mails"]

    assert not await change()
    assert not await change(restock_mails=None)
    assert await change(restock_mails=True)
    assert not await change(restock_mails=False, display_name=" Ada ")
    refused = await shop.client.patch("/auth/me", headers=person.headers, json={"restock_mails": "perhaps"})
    assert_problem(refused, 422, "VALIDATION_ERROR", "restock_mails")


def test_a_mail_that_may_be_refused_needs_its_user(settings: Settings):
    with pytest.raises(ValueError, match="needs its user"):
        Outbox(settings, Keys.of("x" * 32)).row("restock", "ann@example.com", "S", title="T", path="/shop/books/1")
