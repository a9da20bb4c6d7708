"""One mailbox gets few mails that anybody can have sent, whoever asks for them and by whatever way (docs/mail.md)."""

import re
from itertools import pairwise

import pytest

from app.accounts.emails import mailbox
from tests.accounts.support import NEW_PASSWORD, PASSWORD, mails, reader
from tests.support import Person, Shop, assert_problem

LINKS = ("email_verification", "password_reset")


async def forgot(shop: Shop, email: str) -> None:
    assert (await shop.client.post("/auth/password/forgot", json={"email": email})).status_code == 202


async def resend(shop: Shop, person: Person) -> None:
    assert (await shop.client.post("/auth/verify-email/resend", headers=person.headers)).status_code == 202


async def register(shop: Shop, email: str) -> None:
    body = {"email": email, "password": PASSWORD}
    assert (await shop.client.post("/auth/register", json=body)).status_code == 201


async def change(shop: Shop, person: Person, current: str, new: str) -> None:
    body = {"current_password": current, "new_password": new}
    assert (await shop.client.post("/auth/password", headers=person.headers, json=body)).status_code == 204


async def links(shop: Shop) -> list[str]:
    """The tokens of all mails with links, in order."""
    rows = await shop.rows(
        "SELECT text FROM email_outbox WHERE kind IN (:one, :other) ORDER BY id", one=LINKS[0], other=LINKS[1]
    )
    return [re.search(r"\?token=([\w-]+)", row.text)[1] for row in rows]  # type: ignore[index]


async def test_sixty_requests_bring_five_mails_and_all_their_links_are_good(shop: Shop):
    """Seen to fail (60 mails, one good link) with the cap taken out of `forgot` and older links voided."""
    person = await reader(shop)
    for _ in range(60):
        await forgot(shop, person.email)
    tokens = await links(shop)
    assert len(tokens) == 5
    unused = "SELECT count(*) FROM account_links WHERE used_at IS NULL AND expires_at > now()"
    assert await shop.scalar(unused) == 5
    body = {"token": tokens[0], "new_password": NEW_PASSWORD}
    assert (await shop.client.post("/auth/password/reset", json=body)).status_code == 204
    for token in tokens:
        assert_problem(
            await shop.client.post("/auth/password/reset", json=body | {"token": token}), 400, "AUTH_LINK_INVALID"
        )


async def test_all_kinds_count_together(shop: Shop):
    """Seen to fail with a group of its own for each kind."""
    person = await reader(shop)
    for _ in range(3):
        await forgot(shop, person.email)
        await resend(shop, person)
    assert [len(await mails(shop, kind)) for kind in LINKS] == [2, 3]


async def test_an_hour_later_there_are_mails_again(shop: Shop):
    person = await reader(shop)
    for _ in range(6):
        await forgot(shop, person.email)
    await shop.rows("UPDATE rate_limits SET window_start = window_start - interval '1 hour'")
    await forgot(shop, person.email)
    assert len(await links(shop)) == 6


async def test_another_mailbox_has_a_count_of_its_own(shop: Shop):
    for person in (await reader(shop), await reader(shop)):
        for _ in range(6):
            await forgot(shop, person.email)
    assert len(await links(shop)) == 10


async def test_requests_that_sent_nothing_count_for_nothing(shop: Shop):
    """Else strangers would keep the first mail from whoever registers. Seen to fail with the count outside of the
    savepoint."""
    for _ in range(6):
        await forgot(shop, "new@example.com")
    await register(shop, "new@example.com")
    assert len(await mails(shop, "email_verification")) == 1


async def test_registrations_for_one_mailbox_under_many_names(shop: Shop):
    """Seen to fail (7 mails) with the address itself counted."""
    for number in range(7):
        await register(shop, f"victim+{number}@example.com")
    assert len(await mails(shop, "email_verification")) == 5
    assert await shop.scalar("SELECT count(*) FROM users") == 7


@pytest.mark.parametrize(
    ("email", "box"),
    [
        ("ada@example.com", "ada@example.com"),
        ("ada+books@example.com", "ada@example.com"),
        ("a.d.a+x@gmail.com", "ada@gmail.com"),
        ("ada@googlemail.com", "ada@gmail.com"),
        ("a.da@example.com", "a.da@example.com"),
        ("+ada@example.com", "+ada@example.com"),
    ],
)
def test_mailboxes(email: str, box: str):
    assert mailbox(email) == box


async def test_changes_of_a_password_are_told_a_few_times_an_hour(shop: Shop):
    """Whoever registers with another's address could send such mails by the minute. Seen to fail without the cap."""
    person = await reader(shop)
    passwords = [PASSWORD, *(f"{NEW_PASSWORD} {number}" for number in range(7))]
    for current, new in pairwise(passwords):
        await change(shop, person, current, new)
    assert len(await mails(shop, "password_changed")) == 5


async def test_no_number_of_links_keeps_the_owner_from_learning_of_a_change(shop: Shop):
    """Seen to fail with one group for both."""
    person = await reader(shop)
    for _ in range(6):
        await forgot(shop, person.email)
    await change(shop, person, PASSWORD, NEW_PASSWORD)
    assert len(await mails(shop, "password_changed")) == 1


async def test_mails_about_orders_are_not_capped(shop: Shop):
    buyer, book = await reader(shop), await shop.book(stock_quantity=100)
    for _ in range(6):
        await forgot(shop, buyer.email)
    for _ in range(8):
        await shop.add_to_cart(buyer, book)
        assert (await shop.checkout(buyer)).status_code == 201
    assert len(await mails(shop, "order_confirmation")) == 8


async def test_the_number_of_links_that_are_good_is_bounded(shop: Shop):
    """Seen to fail with `keep_newest` taken out, and with the oldest kept. No link of the hour is among the void."""
    shop.app.state.outbox.caps.per_hour = 2
    person, neighbour = await reader(shop), await reader(shop)
    await resend(shop, neighbour)
    for _ in range(4):
        for _ in range(3):
            await resend(shop, person)
        await shop.rows("DELETE FROM rate_limits")
    assert len(await links(shop)) == 1 + 8
    assert await shop.scalar("SELECT count(*) FROM account_links WHERE user_id = :id", id=person.id) == 4
    assert await shop.scalar("SELECT count(*) FROM account_links WHERE user_id = :id", id=neighbour.id) == 1
    token = (await links(shop))[-1]
    assert (await shop.client.post("/auth/verify-email", json={"token": token})).status_code == 204
