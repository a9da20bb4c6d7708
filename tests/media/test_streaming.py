"""Uploads over real sockets to `bookstore serve`: nothing is buffered that will be refused."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from app.core.config import Settings
from tests.media.support import encoded, form, names, quarters, upload
from tests.media.test_hostile import bombs
from tests.processes.support import Premises, own_database, peaks, trading
from tests.support import Person, assert_problem

HUNDRED_MB = 100 * 1024 * 1024
PIECE = bytes(256 * 1024)
# What a server process may grow by, whatever is sent: the image it reads, twice, and some room.
ROOM_MB = 40


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shop")


@pytest.fixture(scope="module")
async def premises(server_url: str, template_url: str, settings: Settings, data: Path) -> AsyncIterator[Premises]:
    async with own_database(server_url) as url, trading(url, settings, data) as premises:
        yield premises


@pytest.fixture
async def admin(premises: Premises) -> Person:
    return await premises.shop.admin()


@pytest.fixture
def uploads(data: Path) -> Path:
    return data / "uploads"


class Line:
    """A connection on which HTTP is spoken by hand."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, premises: Premises) -> "Line":
        return cls(*await asyncio.open_connection("127.0.0.1", urlsplit(str(premises.shop.client.base_url)).port))

    async def begin(self, person: Person | None, *headers: str) -> None:
        """Send the head of an upload."""
        said = [f"Authorization: Bearer {person.token}"] if person else []
        head = ["POST /uploads/images HTTP/1.1", "Host: shop", "Content-Type: multipart/form-data; boundary=line"]
        await self.send("\r\n".join([*head, *said, *headers, "", ""]).encode())

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def send_chunk(self, data: bytes) -> None:
        await self.send(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    async def status(self) -> int:
        head = await self._reader.readuntil(b"\r\n\r\n")
        return int(head.split()[1])

    async def hang_up(self) -> None:
        self._writer.close()
        await self._writer.wait_closed()


@pytest.fixture
async def growth(premises: Premises, admin: Person) -> AsyncIterator[None]:
    """Fails the test when it made a server process grow."""
    for width in range(100, 108):
        await upload(premises.shop, admin, encoded(quarters((width, 150))))
    before = peaks(premises)
    yield
    after = peaks(premises)
    assert {pid: peak for pid, peak in after.items() if peak > before[pid] + ROOM_MB} == {}


async def test_without_a_token_the_answer_does_not_wait_for_the_body(premises: Premises):
    """Seen to fail without the exemption in BodyLimitMiddleware: no answer before the body."""
    line = await Line.open(premises)
    await line.begin(None, f"Content-Length: {HUNDRED_MB}")
    async with asyncio.timeout(30):
        assert await line.status() == 401
    await line.hang_up()


@pytest.mark.usefixtures("growth")
@pytest.mark.parametrize("chunked", [True, False])
async def test_a_hundred_megabytes_without_a_token_are_not_kept(premises: Premises, chunked: bool):
    line = await Line.open(premises)
    await line.begin(None, "Transfer-Encoding: chunked" if chunked else f"Content-Length: {HUNDRED_MB}")
    for _ in range(HUNDRED_MB // len(PIECE)):
        await (line.send_chunk(PIECE) if chunked else line.send(PIECE))
    if chunked:
        await line.send(b"0\r\n\r\n")
    assert await line.status() == 401
    await line.hang_up()


@pytest.mark.usefixtures("growth")
async def test_a_hundred_megabytes_of_unknown_length_are_refused_while_they_come(
    premises: Premises, admin: Person, uploads: Path
):
    """Seen to fail without the bound while streaming: the process grows by all that is sent."""
    there = names(uploads)
    line = await Line.open(premises)
    await line.begin(admin, "Transfer-Encoding: chunked")
    await line.send_chunk(form(b"\x89PNG\r\n\x1a\n")[:-12])
    for _ in range(HUNDRED_MB // len(PIECE)):
        await line.send_chunk(PIECE)
    async with asyncio.timeout(30):
        assert await line.status() == 413  # before the end, which never came
    await line.hang_up()
    assert names(uploads) == there


async def test_a_caller_who_hangs_up_leaves_nothing_behind(premises: Premises, admin: Person, data: Path):
    there = names(data / "uploads")
    content = form(encoded(quarters((311, 450))))
    for share in (0, 50, len(content) - 20):
        line = await Line.open(premises)
        await line.begin(admin, f"Content-Length: {len(content)}")
        await line.send(content[:share])
        await line.hang_up()
    answer = await upload(premises.shop, admin, encoded(quarters((312, 450))))
    assert answer.status_code == 200
    assert len(names(data / "uploads") - there) == 3
    assert "fault" not in (data / "log").read_text()


@pytest.mark.usefixtures("growth")
async def test_bombs_cost_no_memory(premises: Premises, admin: Person):
    for content in bombs().values():
        answer = await upload(premises.shop, admin, content)
        assert_problem(answer, 422, "UPLOAD_IMAGE_INVALID")


async def test_both_processes_serve_what_one_has_stored(premises: Premises, admin: Person):
    url = (await upload(premises.shop, admin, encoded(quarters()))).json()["url"]
    for _ in range(4):
        first = await premises.shop.client.get(url, headers={"Connection": "close"})
        assert (first.status_code, first.headers["content-type"]) == (200, "image/webp")
        head = await premises.shop.client.head(url, headers={"Connection": "close"})
        assert (head.status_code, head.headers["content-length"]) == (200, str(len(first.content)))
        known = await premises.shop.client.get(url, headers={"If-None-Match": first.headers["etag"]})
        assert (known.status_code, known.content) == (304, b"")
