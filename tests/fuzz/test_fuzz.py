"""Every page, form and operation under hostile requests: no 5xx, none above a second, nothing put in, nothing told.

`make fuzz` sends FUZZ_REQUESTS of them; FUZZ_SEED repeats the choices of an earlier run, FUZZ_ONLY chooses targets.
"""

import os
import random
from collections.abc import AsyncIterator

import pytest

from app.core.config import Settings
from tests.fuzz.report import Report
from tests.fuzz.run import Run
from tests.oauth.provider import CLIENT_ID, CLIENT_SECRET, provider_running
from tests.processes.support import Premises, own_database, trading

REQUESTS = int(os.environ.get("FUZZ_REQUESTS", "500"))
SEED = int(os.environ.get("FUZZ_SEED", "1" if "FUZZ_REQUESTS" not in os.environ else random.getrandbits(32)))
REPORTS = pytest.StashKey[list[Report]]()


@pytest.fixture
async def shop_and_home(
    server_url: str, template_url: str, settings: Settings, tmp_path
) -> AsyncIterator[tuple[Premises, tuple[str, ...]]]:
    """A demo shop of one server process, with sign-in at a provider, behind a proxy whose word it takes."""
    with provider_running() as provider:
        known = {
            "GOOGLE_CLIENT_ID": CLIENT_ID,
            "GOOGLE_CLIENT_SECRET": CLIENT_SECRET,
            "GOOGLE_ISSUER": provider.url,
            "GOOGLE_AUTHORIZE_URL": f"{provider.url}/authorize",
            "GITHUB_CLIENT_ID": CLIENT_ID,
            "GITHUB_CLIENT_SECRET": CLIENT_SECRET,
            "GITHUB_URL": provider.url,
            "GITHUB_API_URL": f"{provider.url}/api",
            "TRUSTED_PROXIES": "127.0.0.1",
        }
        words = ("--demo", "--no-worker")
        async with own_database(server_url) as url, trading(url, settings, tmp_path, *words, **known) as premises:
            yield premises, (provider.url,)


@pytest.mark.timeout(60 + REQUESTS)
async def test_hostile_requests_find_no_fault(
    shop_and_home: tuple[Premises, tuple[str, ...]], request: pytest.FixtureRequest
):
    premises, home = shop_and_home
    run = Run(premises, SEED, home, os.environ.get("FUZZ_ONLY", ""))
    request.config.stash.setdefault(REPORTS, []).append(run.report)
    report = await run.shoot(REQUESTS)
    assert not report.faults, "\n".join(map(str, report.faults))
