"""What is made of a request, and the lines of the log."""

import logging
import re
from pathlib import Path

import pytest
from httpx2 import AsyncClient

from app.accounts.security import noting
from app.accounts.security.client import OTHER_CLIENT, Client, device_of, network_of
from app.accounts.security.kinds import Kind
from app.accounts.security.note import SecurityNote
from app.accounts.security.noting import LINES_A_MINUTE, line_of, note_refusal
from tests.accounts.security import FIREFOX, from_address
from tests.accounts.support import log_in
from tests.support import Shop

AGENTS = {
    FIREFOX: "Firefox on Windows",
    "Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0": "Firefox on Linux",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 FxiOS/131.0 Mobile/15E148 Safari/605.1.15": "Firefox on iPhone",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0.0.0 Safari/537.36 Edg/130.0.0.0": "Edge on Windows",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 Chrome/130.0.0.0 Safari/537.36": "Chrome on macOS",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_7) AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15": "Safari on macOS",
    "Mozilla/5.0 (iPad; CPU OS 17_0 like Mac OS X) AppleWebKit/605.1.15 CriOS/130.0 Mobile/15E148 Safari/604.1": "Chrome on iPad",
    "Mozilla/5.0 (Linux; Android 14; SM-S921B) AppleWebKit/537.36 SamsungBrowser/26.0 Chrome/122.0.0.0 Mobile Safari/537.36": "Samsung Internet on Android",
    "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 Chrome/130.0.0.0 Safari/537.36": "Chrome on ChromeOS",
    "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/129.0 Safari/537.36 OPR/114.0.0.0": "Opera on Windows",
    "Firefox/1": "Firefox",
    "curl/8.9.1": OTHER_CLIENT,
    "ShopApp/3.1 CFNetwork/1490 Darwin/23.6.0": OTHER_CLIENT,
    "": OTHER_CLIENT,
    "\x1b[31m\r\nevent=signed_in <script>": OTHER_CLIENT,
    "x" * 1_000_000 + "Firefox/1": OTHER_CLIENT,
}


@pytest.mark.parametrize(("agent", "device"), AGENTS.items(), ids=AGENTS.values())
def test_a_device_is_told_in_words_of_ours(agent: str, device: str):
    assert device_of(agent) == device


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("0.0.0.0", "0.0.0.0/24"),
        ("255.255.255.255", "255.255.255.0/24"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:7:8::9", "2001:db8:7::/48"),
        ("::1", "::/48"),
        ("fe80::1%eth0", "fe80::/48"),
        ("somewhere", "None"),
        ("203.0.113.77:8080", "None"),
        ("203.0.113", "None"),
        ("", "None"),
        ("1.2.3.4\nevent=signed_in", "None"),
    ],
)
def test_an_address_becomes_its_network(address: str, network: str):
    assert str(network_of(address)) == network


def test_a_line_has_its_pairs_in_order():
    client = Client(network_of("203.0.113.7"), "Firefox on Windows")
    full = SecurityNote(Kind.PROVIDER_REFUSED, 7, None, client, (("provider", "google"), ("reason", "no_email")))
    assert line_of(full) == (
        "event=provider_refused account=7 network=203.0.113.0/24"
        ' device="Firefox on Windows" provider=google reason=no_email'
    )
    assert line_of(SecurityNote(Kind.FORM_REFUSED)) == "event=form_refused account=- network=- device=-"


def test_a_word_that_is_none_of_ours_is_left_out_of_row_and_line(caplog: pytest.LogCaptureFixture):
    for evil in ("a\nevent=signed_in", 'a" b="', "é", "x" * 81, ""):
        note_refusal(Kind.FORM_REFUSED, reason=evil)
    assert {record.getMessage() for record in caplog.records} == {
        "event=form_refused account=- network=- device=- reason=?"
    }


async def test_nothing_a_client_sends_can_forge_a_line(shop: Shop, caplog: pytest.LogCaptureFixture):
    evil = 'x\x1b[0m" event=signed_in account=1 \x85 Firefox'
    async with from_address(shop, "203.0.113.7", evil.encode()) as client:
        headers = {b"Authorization": b"Bearer x event=signed_in", b"X-Request-ID": evil.encode()}
        await client.get("/auth/me", headers=headers)
        await log_in(client, "nobody@example.com", evil)
    lines = [record.getMessage() for record in caplog.records if record.name == "app.security"]
    assert lines == [
        'event=access_token_refused account=- network=203.0.113.0/24 device="App or script" reason=not_ours',
        'event=sign_in_failed account=- network=203.0.113.0/24 device="App or script" reason=unknown_account',
    ]


async def test_refusals_are_warnings_and_the_rest_is_for_the_curious(shop: Shop, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO, "app.security")
    await shop.client.post("/auth/register", json={"email": "ann@example.com", "password": "correct horse"})
    await log_in(shop.client, "ann@example.com", "wrong horse battery")
    levels = [record.levelname for record in caplog.records if record.name == "app.security"]
    assert levels == ["INFO", "WARNING"]


def test_a_flood_has_so_many_lines_a_minute_of_each_kind(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    """Seen to fail without the bound."""
    now = 600.0
    monkeypatch.setattr(noting, "_lines", noting._Lines())
    monkeypatch.setattr("app.accounts.security.noting.time.monotonic", lambda: now)
    for _ in range(LINES_A_MINUTE + 5):
        note_refusal(Kind.FORM_REFUSED)
    note_refusal(Kind.LINK_REFUSED)
    assert len(caplog.records) == LINES_A_MINUTE + 1
    caplog.clear()
    now = 660.0
    note_refusal(Kind.FORM_REFUSED)
    assert [record.getMessage() for record in caplog.records] == [
        "event=lines_left_out kind=form_refused times=5",
        "event=form_refused account=- network=- device=-",
    ]


def test_every_kind_is_documented(project: Path):
    page = (project / "docs" / "security-events.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE) == list(Kind)


async def test_the_documented_filter_finds_the_lines(
    project: Path, client: AsyncClient, caplog: pytest.LogCaptureFixture
):
    page = (project / "docs" / "security-events.md").read_text(encoding="utf-8")
    [rule] = re.findall(r"failregex = (.*)", page)
    finds = re.compile(rule.replace("<SUBNET>", r"(?P<subnet>[0-9a-f.:]+/[0-9]+)"))
    await log_in(client, "nobody@example.com", "wrong horse battery")
    await client.post("/auth/refresh", json={"refresh_token": "unknown"})
    lines = [
        f" {record.levelname} {record.name} [0123456789abcdef] {record.getMessage()}" for record in caplog.records
    ]
    found = [finds.search(line) for line in lines]
    assert [match and match["subnet"] for match in found] == ["127.0.0.0/24", None]
