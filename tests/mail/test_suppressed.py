"""Without SMTP_HOST nothing is sent and nothing is pretended; in development the mails can be looked at."""

import logging
import stat
from email import message_from_bytes, policy
from pathlib import Path

import asyncpg
import pytest

from app.core.config import Settings
from app.core.db.transaction import Database
from tests.mail.support import queue, state, worker_on


async def test_a_mail_is_logged_without_its_body_and_marked_suppressed(
    raw: asyncpg.Connection, database: Database, settings: Settings, caplog: pytest.LogCaptureFixture
):
    [mail] = await queue(raw, text="https://shop.example/account/reset?token=secret")
    with caplog.at_level(logging.INFO):
        assert await worker_on(settings, database).drain() == 1
    row = await state(raw, mail)
    assert (row["status"], row["sent_at"], row["locked_until"]) == ("suppressed", None, None)
    assert f"mail {mail} not sent, SMTP_HOST is not set: restock to ann@example.com" in caplog.text
    assert "secret" not in caplog.text


async def test_in_development_each_mail_is_a_file_for_its_owner_only(
    raw: asyncpg.Connection, database: Database, settings: Settings, tmp_path: Path
):
    await queue(raw, 2, recipient="jörg@example.com")
    await worker_on(settings.model_copy(update={"env": "development", "bookstore_data": tmp_path}), database).drain()
    mailbox = tmp_path / "mailbox"
    assert stat.S_IMODE(mailbox.stat().st_mode) == 0o700
    files = sorted(mailbox.iterdir())
    assert len(files) == 2
    assert all(file.suffix == ".eml" and stat.S_IMODE(file.stat().st_mode) == 0o600 for file in files)
    message = message_from_bytes(files[0].read_bytes(), policy=policy.default)
    assert message["Subject"] == "'Emma' is back in stock"
    assert message.get_content_type() == "multipart/related"


@pytest.mark.parametrize("env", ["test", "production"])
async def test_elsewhere_there_is_no_mailbox(
    raw: asyncpg.Connection, database: Database, settings: Settings, tmp_path: Path, env: str
):
    await queue(raw)
    await worker_on(settings.model_copy(update={"env": env, "bookstore_data": tmp_path}), database).drain()
    assert not (tmp_path / "mailbox").exists()


async def test_a_mailbox_that_cannot_be_written_loses_no_mail(
    raw: asyncpg.Connection, database: Database, settings: Settings, tmp_path: Path
):
    (tmp_path / "mailbox").touch()
    [mail] = await queue(raw)
    await worker_on(settings.model_copy(update={"env": "development", "bookstore_data": tmp_path}), database).drain()
    row = await state(raw, mail)
    assert (row["status"], row["last_error"]) == ("pending", "FileExistsError")
