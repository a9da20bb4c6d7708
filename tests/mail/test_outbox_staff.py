"""GET /admin/outbox and POST /admin/outbox/{mail_id}/requeue."""

import asyncpg
import pytest

from app.core.config import Settings
from tests.mail.support import MailServer, queue, smtp, state, worker_on
from tests.support import Shop, assert_problem


async def add(shop: Shop, status: str, **columns: object) -> int:
    """The id of a mail."""
    row = {
        "message_id": "<1@x>",
        "kind": "restock",
        "recipient": "ann@example.com",
        "subject": "S",
        "html": "<p>token=secret</p>",
        "text": "token=secret",
        "status": status,
    } | columns
    places = ", ".join(f":{name}" for name in row)
    return await shop.scalar(f"INSERT INTO email_outbox ({', '.join(row)}) VALUES ({places}) RETURNING id", **row)


async def test_staff_list_mails_by_status_the_newest_first(shop: Shop):
    admin = await shop.admin()
    first = await add(shop, "dead", message_id="<1@x>", attempts=8, last_error="550 No such mailbox")
    await add(shop, "sent", message_id="<2@x>")
    last = await add(shop, "dead", message_id="<3@x>")
    body = (await shop.client.get("/admin/outbox?status=dead", headers=admin.headers)).json()
    assert [item["id"] for item in body["items"]] == [last, first]
    assert {name: body[name] for name in body if name != "items"} == {
        "total_count": 2,
        "page": 1,
        "per_page": 20,
        "total_pages": 1,
    }
    mail = body["items"][1]
    assert (mail["status"], mail["attempts"], mail["last_error"]) == ("dead", 8, "550 No such mailbox")
    assert (mail["message_id"], mail["recipient"], mail["sent_at"]) == ("<1@x>", "ann@example.com", None)


async def test_without_a_status_all_are_listed_in_pages(shop: Shop):
    admin = await shop.admin()
    ids = [
        await add(shop, status, message_id=f"<{status}@x>") for status in ("pending", "sent", "dead", "suppressed")
    ]
    pages = [
        (await shop.client.get(f"/admin/outbox?per_page=3&page={page}", headers=admin.headers)).json()
        for page in (1, 2, 3)
    ]
    assert [[item["id"] for item in page["items"]] for page in pages] == [ids[:0:-1], ids[:1], []]
    assert all((page["total_count"], page["total_pages"]) == (4, 2) for page in pages)


async def test_no_answer_shows_a_body(shop: Shop):
    """Whoever reads a reset link may take the account."""
    admin = await shop.admin()
    mail = await add(shop, "dead")
    listed = await shop.client.get("/admin/outbox", headers=admin.headers)
    queued = await shop.client.post(f"/admin/outbox/{mail}/requeue", headers=admin.headers)
    assert (listed.status_code, queued.status_code) == (200, 200)
    assert "secret" not in listed.text + queued.text


async def test_an_unknown_status_is_refused(shop: Shop):
    admin = await shop.admin()
    answer = await shop.client.get("/admin/outbox?status=lost", headers=admin.headers)
    assert_problem(answer, 422, "VALIDATION_ERROR", "status")


async def test_a_dead_mail_is_due_again_with_all_its_attempts(shop: Shop):
    admin = await shop.admin()
    mail = await add(shop, "dead", attempts=8, last_error="550 No such mailbox")
    body = (await shop.client.post(f"/admin/outbox/{mail}/requeue", headers=admin.headers)).json()
    assert (body["id"], body["status"], body["attempts"]) == (mail, "pending", 0)
    due = "SELECT status, attempts, next_attempt_at <= now(), locked_until FROM email_outbox"
    assert await shop.rows(due) == [("pending", 0, True, None)]


@pytest.mark.parametrize("status", ["pending", "sent", "suppressed"])
async def test_only_a_dead_mail_is_queued_again(shop: Shop, status: str):
    admin = await shop.admin()
    mail = await add(shop, status)
    answer = await shop.client.post(f"/admin/outbox/{mail}/requeue", headers=admin.headers)
    assert_problem(answer, 409, "MAIL_NOT_DEAD", "mail_id")
    assert await shop.scalar("SELECT status FROM email_outbox") == status


async def test_a_mail_that_is_not_there(shop: Shop):
    admin = await shop.admin()
    answer = await shop.client.post("/admin/outbox/1/requeue", headers=admin.headers)
    assert_problem(answer, 404, "MAIL_NOT_FOUND", "mail_id")


@pytest.mark.parametrize(("method", "path"), [("GET", "/admin/outbox"), ("POST", "/admin/outbox/1/requeue")])
async def test_the_outbox_is_for_staff(shop: Shop, method: str, path: str):
    reader = await shop.person()
    assert_problem(await shop.client.request(method, path), 401, "HTTP_401")
    assert_problem(await shop.client.request(method, path, headers=reader.headers), 403, "AUTH_FORBIDDEN")


async def test_from_refusal_to_delivery(live: Shop, server: MailServer, raw: asyncpg.Connection, settings: Settings):
    """The server refuses until the mail is dead; staff find it and queue it; it arrives under its first Message-ID."""
    [mail] = await queue(raw)
    admin = await live.admin()
    server.rcpt = "550 No such mailbox"
    worker = worker_on(smtp(settings, server.port, mail_max_attempts=1), live.app.state.database)
    await worker.drain()
    [dead] = (await live.client.get("/admin/outbox?status=dead", headers=admin.headers)).json()["items"]
    assert (dead["id"], dead["last_error"]) == (mail, "550 No such mailbox")
    server.rcpt = "250 OK"
    await live.client.post(f"/admin/outbox/{dead['id']}/requeue", headers=admin.headers)
    await worker.drain()
    assert server.message_ids == [dead["message_id"]]
    assert (await state(raw, mail))["status"] == "sent"
