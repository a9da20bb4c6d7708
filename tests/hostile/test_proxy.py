"""nginx as docs/deployment.md has it, before a running shop."""

import asyncio
import os
import re
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from httpx2 import AsyncClient, HTTPError

from app.core.config import Settings
from tests.command import free_port
from tests.processes.support import Premises, own_database, trading

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
NO_NGINX = "there is no nginx on the PATH (Debian: apt-get install nginx-light)"
HOST = "shop.example"


@dataclass(frozen=True)
class Front:
    """The shop as visitors see it."""

    client: AsyncClient
    port: int
    plain_port: int
    log: Path
    behind: Premises
    trust: ssl.SSLContext


@pytest.fixture(scope="module")
async def front(
    server_url: str, template_url: str, settings: Settings, tmp_path_factory: pytest.TempPathFactory, project: Path
) -> AsyncIterator[Front]:
    if NGINX is None and os.environ.get("PROXY_TESTS") == "required":
        pytest.fail(NO_NGINX, pytrace=False)
    if NGINX is None:
        pytest.skip(NO_NGINX)
    folder, port, plain_port = tmp_path_factory.mktemp("nginx"), free_port(), free_port()
    variables = {"PUBLIC_BASE_URL": f"https://{HOST}", "TRUSTED_PROXIES": "127.0.0.1", "RATE_LIMIT_ENABLED": "true"}
    words = ("--demo", "--no-worker")
    async with own_database(server_url) as url, trading(url, settings, folder, *words, **variables) as behind:
        own_certificate(folder)
        (folder / "nginx.conf").write_text(
            configuration(project, folder, port, plain_port, behind.shop.client.base_url.port or 0)
        )
        nginx = start(NGINX, folder)
        trust = ssl.create_default_context(cafile=str(folder / "fullchain.pem"))
        address = f"https://127.0.0.1:{port}"
        try:
            async with AsyncClient(base_url=address, verify=trust, headers={"Host": HOST}, timeout=60) as client:
                await answering(client)
                yield Front(client, port, plain_port, folder / "bookstore.log", behind, trust)
        finally:
            nginx.terminate()
            nginx.wait(20)


def configuration(project: Path, folder: Path, port: int, plain_port: int, shop_port: int) -> str:
    """The text of the document on ports and with a certificate of the test."""
    text = (project / "docs/deployment.md").read_text()
    (given,) = re.findall(r"```nginx\n(.*?)```", text, re.DOTALL)
    changed = {
        "server 127.0.0.1:8000;": f"server 127.0.0.1:{shop_port};",
        "listen 80;": f"listen 127.0.0.1:{plain_port};",
        "listen 443 ssl http2;": f"listen 127.0.0.1:{port} ssl http2;",
        "/etc/ssl/shop.example": str(folder),
        "/var/log/nginx/": f"{folder}/",
    }
    for old, new in changed.items():
        assert old in given
        given = given.replace(old, new)
    temporary = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi"))
    temporary += f"uwsgi_temp_path {folder}/uwsgi;\nscgi_temp_path {folder}/scgi;\n"
    owner = "user root;\n" if os.getuid() == 0 else ""  # who runs the tests may not let others into its folders
    return f"{owner}daemon off;\npid {folder}/pid;\nevents {{}}\nhttp {{\naccess_log off;\n{temporary}{given}}}\n"


def own_certificate(folder: Path) -> None:
    """A certificate for `127.0.0.1` that only this test trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.DNSName(HOST), x509.IPAddress(ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "privkey.pem").write_bytes(private)
    (folder / "fullchain.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def start(nginx: str, folder: Path) -> subprocess.Popen[bytes]:
    command: list[str | Path] = [nginx, "-p", folder, "-c", folder / "nginx.conf", "-e", folder / "error.log"]
    return subprocess.Popen(command, stderr=subprocess.DEVNULL)


async def answering(client: AsyncClient) -> None:
    """Returns once the shop is reached."""
    for _ in range(200):
        try:
            if (await client.get("/health")).status_code == 200:
                return
        except HTTPError:
            await asyncio.sleep(0.05)
    raise AssertionError("no answer through nginx; error.log beside its configuration tells why")


async def test_pages_and_api_are_served(front: Front):
    assert (await front.client.get("/")).status_code == 200
    assert (await front.client.get("/books")).json()["total"] == 165
    assert "server" not in front.client.headers


async def test_whoever_reads_in_the_clear_is_led_to_https_and_whoever_sends_is_refused(front: Front):
    """Seen to fail where all that comes in the clear is redirected."""
    async with AsyncClient(base_url=f"http://127.0.0.1:{front.plain_port}", headers={"Host": HOST}) as client:
        read = await client.get("/shop?q=dune")
        assert (read.status_code, read.headers["location"]) == (301, f"https://{HOST}/shop?q=dune")
        assert (await client.get("/orders", headers={"Authorization": "Bearer x"})).status_code == 403
        assert (await client.post("/auth/login", json={})).status_code == 403


@pytest.mark.parametrize(("cipher", "spoken"), [("ECDHE+AESGCM", True), ("ECDHE-ECDSA-AES128-SHA256", False)])
async def test_ciphers_without_authentication_are_not_spoken(front: Front, cipher: str, spoken: bool):
    """Seen to fail without `ssl_ciphers`: the second one encrypts by CBC."""
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    client.set_ciphers(cipher)
    with nullcontext() if spoken else pytest.raises(ssl.SSLError):
        _, writer = await asyncio.open_connection("127.0.0.1", front.port, ssl=client)
        writer.close()


async def test_the_log_holds_no_token_of_a_mailed_link(front: Front):
    """Seen to fail with the format that nginx has by itself."""
    assert (await front.client.get("/account/reset?token=opens-an-account")).status_code == 400
    for _ in range(100):
        if '"GET /account/reset" 400' in (said := front.log.read_text()):
            break
        await asyncio.sleep(0.05)
    else:
        pytest.fail(f"the request is not in the log: {said}")
    assert "opens-an-account" not in said


async def test_a_reader_registers_buys_and_stays_signed_in(front: Front):
    page = await front.client.get("/account/register")
    token = page.text.partition('name="csrf" value="')[2].partition('"')[0]
    form = {"csrf": token, "email": "ann@example.com", "password": "a fairly long one"}
    headers = {"Origin": f"https://{HOST}", "Sec-Fetch-Site": "same-origin"}
    entered = await front.client.post("/account/register", data=form, headers=headers)
    assert entered.status_code == 303, entered.text
    cookies = entered.headers.get_list("set-cookie")
    assert cookies
    assert all("Secure" in cookie and "HttpOnly" in cookie for cookie in cookies)


async def test_visitors_are_counted_by_their_address_and_not_by_what_they_say(front: Front):
    """Seen to fail where nginx passes on what the visitor sent as X-Forwarded-For."""
    wrong = {"email": "x@example.com", "password": "wrong password"}
    await front.client.post("/auth/login", json=wrong)
    counted = "SELECT count(DISTINCT bucket) FROM rate_limits"
    before = await front.behind.raw.fetchval(counted)
    assert before
    assert (
        await front.client.post("/auth/login", json=wrong, headers={"X-Forwarded-For": "9.9.9.9"})
    ).status_code == 401
    assert await front.behind.raw.fetchval(counted) == before


async def test_the_sign_in_has_a_bound_of_its_own(front: Front):
    wrong = {"email": "y@example.com", "password": "no"}
    answers = await asyncio.gather(*[front.client.post("/auth/login", json=wrong) for _ in range(40)])
    assert sum(answer.headers["content-type"] == "text/html" for answer in answers if answer.status_code == 429) > 20


async def test_a_body_beyond_what_the_shop_takes_is_refused_by_the_shop(front: Front):
    answer = await front.client.post("/auth/logout", content=b"a" * 1_100_000)
    assert answer.json()["code"] == "BODY_TOO_LARGE"


async def test_a_body_beyond_every_bound_ends_at_the_proxy(front: Front):
    answer = await front.client.post("/auth/logout", content=b"a" * 60_000_000)
    assert answer.status_code == 413
    assert "nginx" in answer.text


async def test_large_heads_end_at_the_proxy(front: Front):
    assert (await front.client.get("/health", headers={"X": "a" * 9000})).status_code == 400
    assert (await front.client.get("/shop?q=" + "a" * 9000)).status_code == 414


async def test_figures_are_for_this_machine_alone(front: Front):
    assert (await front.client.get("/metrics")).status_code == 200


async def test_a_crowd_of_one_address_is_bounded(front: Front):
    """Those whose bodies do not come are counted; more of one address are turned away."""
    head = f"POST /auth/logout HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 9\r\n\r\n".encode()
    opened = [await asyncio.open_connection("127.0.0.1", front.port, ssl=front.trust) for _ in range(35)]
    for _, writer in opened:
        writer.write(head)
    answers = [asyncio.create_task(reader.readline()) for reader, _ in opened]
    done, _ = await asyncio.wait(answers, timeout=3)
    assert {task.result() for task in done} == {b"HTTP/1.1 503 Service Temporarily Unavailable\r\n"}
    assert len(done) >= 5
    for (_, writer), answer in zip(opened, answers, strict=True):
        answer.cancel()
        writer.close()
