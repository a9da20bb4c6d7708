"""Importing a CSV file by page. The import has connections of its own, so these tests commit for real."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from fastapi import FastAPI

from app.admin.import_job import import_kind
from app.admin.imports import IMPORT as IMPORT_JOB
from app.jobs.kinds import JobInHand, JobSource
from app.jobs.runner import running
from app.jobs.worker import Worker
from app.web.staff import imports
from app.web.staff.uploads import IMPORT
from tests.jobs.support import asked
from tests.web.browser import Browser, forms

GOOD = "title,author,price,isbn,stock,genre\nMort,Terry Pratchett,9.50,,3,Fantasy\nSourcery,Terry Pratchett,8.00,,2,Fantasy\n"
MIXED = GOOD + "Without a price,Nobody,,,,\n"
PATIENCE = 30


@pytest.fixture
def worker(live_app: FastAPI) -> Worker[JobInHand]:
    """A worker for imports, as a server has one."""
    database = live_app.state.database
    return Worker(database, JobSource(database, import_kind(live_app.state.settings, database)))


@pytest.fixture
async def at_work(worker: Worker[JobInHand]) -> AsyncIterator[None]:
    async with running([worker]):
        yield


async def upload(browser: Browser, text: str, name: str = "spring.csv", *, check: bool = True) -> str:
    """The path of the import, which has been checked unless nobody is at work."""
    await browser.open(IMPORT)
    action = next(form.action for form in forms(browser.page.text) if "token" in form.action)
    files = {"file": (name, text.encode(), "text/csv")}
    browser.page = await browser.client.post(action, files=files, follow_redirects=True)
    assert browser.page.status_code == 200, browser.text
    return await ended(browser) if check else browser.page.url.path


async def ended(browser: Browser) -> str:
    path = browser.page.url.path
    async with asyncio.timeout(PATIENCE):
        while (await browser.client.get(f"{path}/progress")).json()["running"]:  # noqa: ASYNC110 - it runs elsewhere
            await asyncio.sleep(0.02)
    await browser.open(path)
    return path


async def tell(browser: Browser, path: str, what: str) -> None:
    """Have it checked or imported, without waiting for that."""
    await browser.open(path)
    await browser.send(path, do=what, columns="")


async def go(browser: Browser, path: str, what: str, **fields: Any) -> None:
    await browser.send(path, do=what, **fields)
    if browser.page.status_code == 200:
        await ended(browser)


@pytest.mark.usefixtures("at_work")
async def test_a_file_is_checked_first_and_stored_when_told_so(live_browser: Browser):
    browser, shop = live_browser, live_browser.shop
    staff = await browser.staff()
    path = await upload(browser, GOOD)
    assert "Checked, nothing stored yet" in browser.text
    assert "Rows 2 New 2 Changed 0" in browser.text
    assert await shop.scalar("SELECT count(*) FROM books") == 0
    await go(browser, path, "import", columns="")
    assert "Imported" in browser.text
    assert await shop.scalar("SELECT sum(stock_quantity) FROM books") == 5
    events = await shop.rows(
        "SELECT action, actor_user_id, after FROM audit_events WHERE subject = 'import' ORDER BY id"
    )
    assert [(event.action, event.actor_user_id) for event in events] == [
        ("import.started", staff.id),
        ("import.stored", staff.id),
    ]
    assert events[1].after == {
        "file": "spring.csv",
        "created": 2,
        "updated": 0,
    }
    await browser.open(IMPORT)
    assert "spring.csv Imported 2" in browser.text


@pytest.mark.usefixtures("at_work")
async def test_rejected_rows_are_told_and_can_be_downloaded(live_browser: Browser):
    browser = live_browser
    await browser.staff()
    path = await upload(browser, MIXED)
    assert "Rejected 1" in browser.text
    assert "Line 4" in browser.text
    assert (await browser.client.get(f"{path}/rejected.csv")).status_code == 404
    await go(browser, path, "import", columns="")
    assert await browser.shop.scalar("SELECT count(*) FROM books") == 2
    answer = await browser.client.get(f"{path}/rejected.csv")
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == 'attachment; filename="rejected.csv"'
    assert "Without a price" in answer.text
    assert f'href="{path}/rejected.csv"' in browser.page.text


@pytest.mark.usefixtures("at_work")
async def test_what_the_file_lacks_is_given_by_hand(live_browser: Browser):
    browser = live_browser
    await browser.staff()
    path = await upload(browser, "Name,Writer\nMort,Terry Pratchett\n")
    assert "Could not go on" in browser.text
    assert "--map" not in browser.text
    assert "a line COLUMN=" in browser.text
    await go(browser, path, "check", columns="nonsense")
    assert browser.page.status_code == 422
    assert "COLUMN=FIELD" in browser.text
    await go(browser, path, "check", default_price="-1", columns="")
    assert browser.page.status_code == 422
    await browser.open(path)
    await go(browser, path, "check", default_price="7.00", default_stock="4", columns="Name=title\nWriter=author")
    assert "Checked, nothing stored yet" in browser.text
    assert "Writer=author" in browser.page.text
    assert 'value="7.00"' in browser.page.text
    await go(browser, path, "import", columns="Name=title\nWriter=author")
    found = await browser.shop.rows("SELECT title, author, price::text, stock_quantity FROM books")
    assert [tuple(row) for row in found] == [("Mort", "Terry Pratchett", "7.00", 4)]


@pytest.mark.usefixtures("at_work")
async def test_a_file_that_comes_while_another_is_imported_waits_for_its_staff(
    live_browser: Browser, raw: asyncpg.Connection
):
    browser = live_browser
    await browser.staff()
    await under_way(browser, raw)
    path = await upload(browser, GOOD)
    assert "Waiting to be checked" in browser.text
    await raw.execute("DELETE FROM jobs")
    await go(browser, path, "check", columns="")
    assert "Checked, nothing stored yet" in browser.text


async def under_way(browser: Browser, raw: asyncpg.Connection) -> None:
    """As if a worker elsewhere were at another import."""
    assert await asked(browser.shop.app.state.database, "other", IMPORT_JOB)
    await raw.execute("UPDATE jobs SET kind = 'import', locked_until = now() + interval '1 minute'")


async def test_one_import_at_a_time(live_browser: Browser, worker: Worker[JobInHand], raw: asyncpg.Connection):
    browser = live_browser
    await browser.staff()
    path = await upload(browser, GOOD, check=False)
    await worker.drain()
    await under_way(browser, raw)
    await tell(browser, path, "import")
    assert "Another import is running" in browser.text
    assert "Checked, nothing stored yet" in browser.text
    assert await worker.drain() == 0
    assert await raw.fetchval("SELECT count(*) FROM books") == 0
    assert await raw.fetchval("SELECT count(*) FROM audit_events WHERE subject = 'import'") == 0


async def test_an_import_whose_process_died_is_interrupted_and_can_be_completed(
    live_browser: Browser, worker: Worker[JobInHand], raw: asyncpg.Connection
):
    """Seen to fail when the job of a worker that died still counts, and when it is imported again by itself."""
    browser = live_browser
    await browser.staff()
    path = await upload(browser, GOOD, check=False)
    await worker.drain()
    await tell(browser, path, "import")
    await raw.execute("UPDATE jobs SET attempts = 1, locked_until = now() + interval '1 minute'")
    await browser.open(path)
    assert "Being imported" in browser.text
    assert "data-progress" in browser.page.text
    assert await worker.drain() == 0
    await raw.execute("UPDATE jobs SET locked_until = now()")
    await browser.open(path)
    assert "The shop was stopped meanwhile" in browser.text, "no worker has looked yet"
    assert await worker.drain() == 1
    await browser.open(path)
    assert "The shop was stopped meanwhile" in browser.text
    assert await raw.fetchval("SELECT (SELECT count(*) FROM jobs) + (SELECT count(*) FROM books)") == 0
    await tell(browser, path, "import")
    await worker.drain()
    assert await raw.fetchval("SELECT count(*) FROM books") == 2


async def test_an_import_takes_the_place_of_one_whose_process_died(
    live_browser: Browser, worker: Worker[JobInHand], raw: asyncpg.Connection
):
    """Nobody has looked since. Seen to fail when a lease that is over keeps the key."""
    browser = live_browser
    await browser.staff()
    path = await upload(browser, GOOD, check=False)
    await raw.execute("UPDATE jobs SET attempts = 1, locked_until = now()")
    await tell(browser, path, "import")
    assert await worker.drain() == 1
    await browser.open(path)
    assert "Imported" in browser.text


async def test_the_page_says_when_no_worker_takes_it_up(live_browser: Browser, raw: asyncpg.Connection):
    browser = live_browser
    await browser.staff()
    path = await upload(browser, GOOD, check=False)
    assert "none has taken it up" not in browser.text
    await raw.execute("UPDATE jobs SET next_attempt_at = now() - interval '11 seconds'")
    await browser.open(path)
    assert "none has taken it up" in browser.text
    await raw.execute("UPDATE jobs SET attempts = 1, locked_until = now() + interval '1 minute'")
    await browser.open(path)
    assert "none has taken it up" not in browser.text


async def test_how_far_it_is_is_seen_while_it_runs(
    live_browser: Browser, worker: Worker[JobInHand], monkeypatch: pytest.MonkeyPatch
):
    """Seen to fail without the notes: it stays at 0 until the end; and when it runs in the loop of the requests."""
    browser = live_browser
    await browser.staff()
    go_on, loop = asyncio.Event(), asyncio.get_running_loop()

    async def half(_connect: object, file: Any, _options: object, note: Any, _tell: object) -> Any:
        """In a loop of its own."""
        assert asyncio.get_running_loop() is not loop
        size = file.stat().st_size
        note(size // 2, size)
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(go_on.wait(), loop))
        raise RuntimeError("enough")

    monkeypatch.setattr("app.admin.import_job.import_csv", half)
    monkeypatch.setattr("app.admin.import_job.SECONDS_A_NOTE", 0.01)
    async with running([worker]), asyncio.timeout(PATIENCE):
        path = await upload(browser, GOOD, check=False)
        while not (seen := (await browser.client.get(f"{path}/progress")).json())["done"]:  # noqa: ASYNC110 - it runs elsewhere
            await asyncio.sleep(0.01)
        assert seen == {"running": True, "done": len(GOOD) // 2, "total": len(GOOD)}
        go_on.set()
        await ended(browser)


async def test_a_large_file_is_kept_in_pieces_and_put_together_again(
    live_browser: Browser, worker: Worker[JobInHand], raw: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("app.admin.imports.PART_BYTES", 50)
    monkeypatch.setattr("app.admin.import_job.PART_BYTES", 20)
    browser = live_browser
    await browser.staff()
    path = await upload(browser, MIXED, check=False)
    assert await raw.fetchval("SELECT count(*) FROM book_import_parts") == -(-len(MIXED) // 50)
    await worker.drain()
    for _ in range(2):
        await tell(browser, path, "import")
        await worker.drain()
        answer = await browser.client.get(f"{path}/rejected.csv")
        assert answer.text.count("Without a price") == 1
        await raw.execute("UPDATE book_imports SET stage = 'checked'")
    assert await raw.fetchval("SELECT count(*) FROM books") == 2
    assert await raw.fetchval("SELECT count(*) FROM book_import_parts WHERE is_rejected") > 1


async def test_a_file_that_is_too_large_is_refused(live_browser: Browser, monkeypatch: pytest.MonkeyPatch):
    browser = live_browser
    await browser.staff()
    monkeypatch.setattr(imports, "MAX_BYTES", 1000)
    await browser.open(IMPORT)
    action = next(form.action for form in forms(browser.page.text) if "token" in form.action)
    browser.page = await browser.client.post(action, files={"file": ("a.csv", b"x" * 80_000)}, follow_redirects=True)
    assert "may have 1000 bytes at most" in browser.text

    async def unannounced() -> Any:
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
        for _ in range(20):
            yield b"x" * 8192

    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    browser.page = await browser.client.post(action, content=unannounced(), headers=headers, follow_redirects=True)
    assert "may have 1000 bytes at most" in browser.text
    assert "Lately" not in browser.text


@pytest.mark.usefixtures("at_work")
async def test_only_the_latest_imports_are_kept(live_browser: Browser, monkeypatch: pytest.MonkeyPatch):
    browser = live_browser
    await browser.staff()
    monkeypatch.setattr("app.admin.imports.KEPT_IMPORTS", 2)
    first = await upload(browser, GOOD)
    for _ in range(2):
        await upload(browser, GOOD)
    assert await browser.shop.scalar("SELECT count(*) FROM book_imports") == 2
    assert await browser.shop.scalar("SELECT count(*) FROM book_import_parts") == 2
    assert (await browser.open(first)).status_code == 404
    assert (await browser.open(f"{IMPORT}/..%2f..")).status_code == 404


async def test_one_that_runs_is_kept_however_old_it_is(
    live_browser: Browser, worker: Worker[JobInHand], monkeypatch: pytest.MonkeyPatch
):
    """Seen to fail when only the number counts."""
    browser = live_browser
    await browser.staff()
    monkeypatch.setattr("app.admin.imports.KEPT_IMPORTS", 1)
    first = await upload(browser, GOOD, check=False)
    second = await upload(browser, GOOD, check=False)
    assert await worker.drain() == 1
    assert (await browser.open(first)).status_code == 200
    assert "Checked, nothing stored yet" in browser.text
    await browser.open(second)
    assert "Waiting to be checked" in browser.text
    await upload(browser, GOOD, check=False)
    assert await browser.shop.scalar("SELECT count(*) FROM book_imports") == 1


@pytest.mark.usefixtures("at_work")
async def test_a_fault_of_ours_is_told_without_its_cause(live_browser: Browser, monkeypatch: pytest.MonkeyPatch):
    browser = live_browser
    await browser.staff()

    async def fail(*_: Any) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr("app.admin.import_job.import_csv", fail)
    await upload(browser, GOOD)
    assert "The fault is ours" in browser.text
    assert "secret" not in browser.text
