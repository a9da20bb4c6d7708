"""Importing a CSV file by page. The import has connections of its own, so these tests commit for real."""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from app.core.config import Settings
from app.core.embedded.locks import claim
from app.web.staff import imports
from app.web.staff.uploads import IMPORT
from tests.web.browser import Browser, forms

GOOD = "title,author,price,isbn,stock,genre\nMort,Terry Pratchett,9.50,,3,Fantasy\nSourcery,Terry Pratchett,8.00,,2,Fantasy\n"
MIXED = GOOD + "Without a price,Nobody,,,,\n"


@pytest.fixture
def live_app(live_app: FastAPI, settings: Settings, tmp_path: Path) -> FastAPI:
    """The shop with a data folder of this test's own."""
    known = live_app.state.settings
    live_app.state.settings = known.model_copy(update={"bookstore_data": tmp_path})
    return live_app


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "imports"


async def upload(browser: Browser, text: str, name: str = "spring.csv") -> str:
    """The path of the import, which has been checked."""
    await browser.open(IMPORT)
    action = next(form.action for form in forms(browser.page.text) if "token" in form.action)
    files = {"file": (name, text.encode(), "text/csv")}
    browser.page = await browser.client.post(action, files=files, follow_redirects=True)
    assert browser.page.status_code == 200, browser.text
    return await ended(browser)


async def ended(browser: Browser) -> str:
    path = browser.page.url.path
    while (await browser.client.get(f"{path}/progress")).json()["running"]:  # noqa: ASYNC110 - it runs elsewhere
        await asyncio.sleep(0.02)
    await browser.open(path)
    return path


async def go(browser: Browser, path: str, what: str, **fields: Any) -> None:
    await browser.send(path, do=what, **fields)
    if browser.page.status_code == 200:
        await ended(browser)


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
    assert "Without a price" in answer.text
    assert f'href="{path}/rejected.csv"' in browser.page.text


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


async def test_one_import_at_a_time(live_browser: Browser, folder: Path):
    browser = live_browser
    await browser.staff()
    path = await upload(browser, GOOD)
    other = claim(folder / ".lock")
    assert other is not None
    try:
        await browser.send(path, do="import", columns="")
        assert "Another import is running" in browser.text
    finally:
        os.close(other)
    assert await browser.shop.scalar("SELECT count(*) FROM books") == 0
    assert await browser.shop.scalar("SELECT count(*) FROM audit_events WHERE subject = 'import'") == 0


async def test_an_import_whose_process_died_is_interrupted_and_can_be_completed(live_browser: Browser, folder: Path):
    browser = live_browser
    await browser.staff()
    path = await upload(browser, GOOD)
    state = folder / path.rsplit("/", 1)[1] / "state.json"
    state.write_text(json.dumps(json.loads(state.read_text()) | {"stage": "importing", "findings": None}))
    held = claim(state.with_name(".lock"))
    assert held is not None
    await browser.open(path)
    assert "Being imported" in browser.text
    assert "data-progress" in browser.page.text
    os.close(held)
    await browser.open(path)
    assert "The shop was stopped meanwhile" in browser.text
    await go(browser, path, "import", columns="")
    assert await browser.shop.scalar("SELECT count(*) FROM books") == 2


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


async def test_only_the_latest_imports_are_kept(live_browser: Browser, folder: Path, monkeypatch: pytest.MonkeyPatch):
    browser = live_browser
    await browser.staff()
    monkeypatch.setattr("app.admin.imports.KEPT", 2)
    first = await upload(browser, GOOD)
    for _ in range(2):
        await upload(browser, GOOD)
    assert len(list(folder.glob("*/state.json"))) == 2  # noqa: ASYNC240
    assert (await browser.open(first)).status_code == 404
    assert (await browser.open(f"{IMPORT}/..%2f..")).status_code == 404


async def test_a_fault_of_ours_is_told_without_its_cause(live_browser: Browser, monkeypatch: pytest.MonkeyPatch):
    browser = live_browser
    await browser.staff()

    async def fail(*_: Any) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr("app.admin.imports.import_csv", fail)
    await upload(browser, GOOD)
    assert "The fault is ours" in browser.text
    assert "secret" not in browser.text
