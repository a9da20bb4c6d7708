"""Schemathesis over the whole OpenAPI document, against a running server: no 5xx, every answer true to its schema.

The inputs are the same in every run. `SCHEMATHESIS_EXAMPLES` asks for more of them.
"""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from app.accounts.models import UserRole
from app.accounts.tokens import issue_access_token
from app.core.db.server import driver_url
from tests.command import RunningShop, bookstore, serving

SCHEMATHESIS = Path(sys.executable).parent / "schemathesis"
CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "allow_header_conformance",
    "ignored_auth",
]
SECRET = "a secret of the tests that is long enough"
NOBODY = "http://127.0.0.1:1"  # sign-in is configured, its providers are out of reach
SIGN_IN = {
    "GOOGLE_CLIENT_ID": "shop",
    "GOOGLE_ISSUER": NOBODY,
    "GOOGLE_AUTHORIZE_URL": NOBODY,
    "GITHUB_CLIENT_ID": "shop",
    "GITHUB_URL": NOBODY,
    "GITHUB_API_URL": NOBODY,
}
EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "8"))


@pytest.fixture
def running(database_url: str, tmp_path: Path) -> Iterator[RunningShop]:
    settings = {"DATABASE_URL": database_url, "BOOKSTORE_DATA": str(tmp_path), "SECRET_KEY": SECRET} | SIGN_IN
    assert bookstore("seed", **settings).returncode == 0
    with serving(tmp_path / "log", **settings, PAYMENT_MOCK_SUCCESS_RATE="0.5", LOG_LEVEL="ERROR") as shop:
        yield shop


async def token(database_url: str, role: UserRole) -> str:
    connection = await asyncpg.connect(driver_url(database_url))
    statement = "INSERT INTO users (email, role) VALUES ($1, $2::text::userrole) RETURNING id"
    user_id = await connection.fetchval(statement, f"{role.value}@example.com", role.name)
    await connection.close()
    session = "0b0c7a2e-6f4e-4d4e-9f0a-6a52c4f7f111"
    return issue_access_token(SECRET, user_id=user_id, role=role, session_id=session, lifetime_minutes=60)  # type: ignore[arg-type]


def explore(words: list[str | Path], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    ("role", "examples"),
    [
        pytest.param(UserRole.ADMIN, EXAMPLES, id="administrator"),
        pytest.param(None, (EXAMPLES + 1) // 2, id="nobody"),
    ],
)
async def test_no_input_gives_a_5xx_and_every_answer_is_true_to_its_schema(
    running: RunningShop, database_url: str, tmp_path: Path, role: UserRole | None, examples: int
):
    """Whoever has not signed in is turned away by most operations before anything else is read."""
    words: list[str | Path] = [SCHEMATHESIS, "run", f"{running.address}/openapi.json", "--checks", ",".join(CHECKS)]
    words += ["--max-examples", str(examples), "--seed", "1", "--generation-deterministic", "--no-color"]
    words += ["--suppress-health-check", "all", "--warnings", "off"]
    if role:
        words += ["--header", f"Authorization: Bearer {await token(database_url, role)}"]
    report = await asyncio.to_thread(explore, words, tmp_path)
    assert report.returncode == 0, report.stdout[-12000:] + report.stderr + running.log.read_text()[-3000:]
