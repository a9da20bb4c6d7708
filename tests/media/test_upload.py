"""POST /uploads/images (contract, section 4.14)."""

import asyncio
import re
from hashlib import sha256
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient

from app.core.config import Settings
from app.core.db.engine import make_engine
from app.core.db.transaction import Database
from app.main import create_app
from app.media.service import ImageService
from app.media.uploads import MAX_FIELDS, OVERHEAD_BYTES
from tests.media.support import FORM, TYPES, decoded, encoded, form, names, quarters, stored, upload
from tests.support import Person, Shop, assert_problem

PNG = encoded(quarters())


@pytest.mark.parametrize("kind", TYPES)
async def test_each_kind_of_image_becomes_webp_in_three_sizes(shop: Shop, admin: Person, uploads: Path, kind: str):
    content = encoded(quarters((900, 1350)), kind)
    answer = await upload(shop, admin, content, TYPES[kind])
    assert answer.status_code == 200
    body = answer.json()
    assert re.fullmatch(r"/uploads/[0-9a-f]{32}\.webp", body["url"])
    stem = body["url"].removesuffix(".webp")
    assert body["sizes"] == {"small": f"{stem}-160.webp", "medium": f"{stem}-320.webp", "large": body["url"]}
    sizes = [decoded((await shop.client.get(path)).content).size for path in body["sizes"].values()]
    assert sizes == [(160, 240), (320, 480), (640, 960)]
    assert names(uploads) == {path.removeprefix("/uploads/") for path in body["sizes"].values()}


async def test_a_small_image_is_never_made_larger(shop: Shop, admin: Person):
    content = encoded(quarters((200, 300)))
    assert [(await stored(shop, admin, content, size)).width for size in ("small", "medium", "large")] == [
        160,
        200,
        200,
    ]


@pytest.mark.parametrize(("size", "expected"), [((1, 2000), (1, 1280)), ((2000, 1), (640, 1)), ((1, 1), (1, 1))])
async def test_extreme_shapes_fit_too(shop: Shop, admin: Person, size: tuple[int, int], expected: tuple[int, int]):
    assert (await stored(shop, admin, encoded(quarters(size)))).size == expected


async def test_the_name_is_the_digest_of_what_is_stored(shop: Shop, admin: Person):
    url = (await upload(shop, admin, PNG)).json()["url"]
    content = (await shop.client.get(url)).content
    assert url == f"/uploads/{sha256(content).hexdigest()[:32]}.webp"


async def test_the_same_picture_twice_is_stored_once(shop: Shop, admin: Person, uploads: Path):
    first = await upload(shop, admin, PNG, name="one.png")
    second = await upload(shop, admin, PNG, name="two.png")
    assert first.json() == second.json()
    assert len(names(uploads)) == 3
    other = await upload(shop, admin, encoded(quarters((301, 450))))
    assert other.json()["url"] != first.json()["url"]
    assert len(names(uploads)) == 6


async def test_the_address_is_never_built_from_the_host_header(shop: Shop, admin: Person):
    answer = await shop.client.post(
        "/uploads/images",
        headers=admin.headers | {"Host": "evil.example", "X-Forwarded-Host": "evil.example"},
        files={"file": ("a.png", PNG, "image/png")},
    )
    assert "evil" not in answer.text
    assert answer.json()["url"].startswith("/uploads/")


async def test_a_book_takes_the_address_as_its_cover(shop: Shop, admin: Person):
    url = (await upload(shop, admin, PNG)).json()["url"]
    book = await shop.book()
    answer = await shop.client.put(f"/books/{book}", headers=admin.headers, json={"cover_image_url": url})
    assert answer.json()["cover_image_url"] == url


@pytest.mark.parametrize("declared", ["image/jpeg", "image/webp", "IMAGE/PNG", "image/png; charset=binary", None])
async def test_the_content_decides_the_type(shop: Shop, admin: Person, declared: str | None):
    body = form(PNG, head='filename="a.gif"' + (f"\r\nContent-Type: {declared}" if declared else ""))
    answer = await shop.client.post("/uploads/images", headers=admin.headers | FORM, content=body)
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    "declared", ["image/svg+xml", "text/html", "image/gif", "application/octet-stream", "image/pngx", "nonsense"]
)
async def test_another_declared_type_is_415(shop: Shop, admin: Person, uploads: Path, declared: str):
    assert_problem(await upload(shop, admin, PNG, declared), 415, "UPLOAD_TYPE_UNSUPPORTED")
    assert not names(uploads)


async def test_every_upload_is_on_record(shop: Shop, admin: Person):
    url = (await upload(shop, admin, PNG)).json()["url"]
    (row,) = await shop.rows("SELECT actor_user_id, action, subject, after FROM audit_events")
    assert tuple(row) == (admin.id, "image.uploaded", "image", {"url": url})


async def test_a_refused_upload_is_not(shop: Shop, admin: Person):
    await upload(shop, admin, b"GIF89a")
    assert await shop.scalar("SELECT count(*) FROM audit_events") == 0


# size


async def test_a_file_at_the_bound_passes_and_one_byte_more_is_413(
    shop: Shop, admin: Person, settings: Settings, uploads: Path
):
    assert settings.upload_max_bytes == 5_242_880
    at = PNG + bytes(settings.upload_max_bytes - len(PNG))
    assert (await upload(shop, admin, at)).status_code == 200
    stored_before = names(uploads)
    assert_problem(await upload(shop, admin, at + b"\0"), 413, "BODY_TOO_LARGE")
    assert names(uploads) == stored_before


async def test_the_bound_of_json_bodies_does_not_bind_uploads_nor_the_other_way_round(
    shop: Shop, admin: Person, settings: Settings
):
    """Seen to fail without the exemption in BodyLimitMiddleware: 413 above MAX_BODY_BYTES."""
    assert settings.max_body_bytes < settings.upload_max_bytes
    assert (await upload(shop, admin, PNG + bytes(settings.max_body_bytes))).status_code == 200
    for path in ("/uploads/images/", "/uploads/image", "/books"):
        answer = await shop.client.post(path, content=bytes(settings.max_body_bytes + 1))
        assert_problem(answer, 413, "BODY_TOO_LARGE")


async def test_reading_stops_at_the_bound(shop: Shop, admin: Person, settings: Settings):
    """Of a body without a declared length no more is taken than the bound and what a form needs around it."""
    taken = 0

    async def endless():
        nonlocal taken
        yield form(b"")[:-12]
        while True:
            taken += 1024
            yield bytes(1024)

    answer = await shop.client.post("/uploads/images", headers=admin.headers | FORM, content=endless())
    assert_problem(answer, 413, "BODY_TOO_LARGE")
    assert taken <= settings.upload_max_bytes + OVERHEAD_BYTES + 2048


async def test_what_surrounds_the_file_is_bounded_too(shop: Shop, admin: Person, settings: Settings):
    """Seen to fail without the bound on the whole: what is not the file was read without end."""
    too_much = settings.upload_max_bytes + OVERHEAD_BYTES

    async def body():
        yield form(b"", name="note", head="x=y")[:-12]
        for _ in range(too_much // 65_536 + 1):
            yield bytes(65_536)
        yield b"\r\n" + form(PNG)

    answer = await shop.client.post("/uploads/images", headers=admin.headers | FORM, content=body())
    assert_problem(answer, 413, "BODY_TOO_LARGE")


async def test_a_declared_length_beyond_the_bound_is_refused_unread(shop: Shop, admin: Person, settings: Settings):
    read = False

    async def body():
        nonlocal read
        read = True
        yield b""

    headers = admin.headers | FORM | {"Content-Length": str(settings.upload_max_bytes + OVERHEAD_BYTES + 1)}
    answer = await shop.client.post("/uploads/images", headers=headers, content=body())
    assert_problem(answer, 413, "BODY_TOO_LARGE")
    assert not read


# the form


@pytest.mark.parametrize(
    "content",
    [
        {"files": {"picture": ("a.png", PNG, "image/png")}},
        {"files": {"file": (None, "just text")}},
        {"content": form(b"", head='filename=""\r\nContent-Type: application/octet-stream'), "headers": FORM},
        {"files": {"file": ("", b"", "application/octet-stream")}},
        {"json": {"file": "a.png"}},
        {"data": {"file": "a.png"}},
        {"content": PNG, "headers": {"Content-Type": "image/png"}},
        {"content": b""},
        {"content": b"--line--\r\n", "headers": FORM},
    ],
    ids=[
        "other name",
        "text",
        "nothing chosen",
        "no name",
        "json",
        "urlencoded",
        "bare image",
        "nothing",
        "no parts",
    ],
)
async def test_a_missing_file_is_422(shop: Shop, admin: Person, content: dict[str, Any]):
    headers = admin.headers | content.pop("headers", {})
    answer = await shop.client.post("/uploads/images", headers=headers, **content)
    problem = assert_problem(answer, 422, "VALIDATION_ERROR", "file")
    assert problem["errors"][0]["loc"] == ["body", "file"]


async def test_two_files_are_one_too_many(shop: Shop, admin: Person):
    files = [("file", ("a.png", PNG, "image/png")), ("file", ("b.png", PNG, "image/png"))]
    answer = await shop.client.post("/uploads/images", headers=admin.headers, files=files)
    assert_problem(answer, 422, "VALIDATION_ERROR", "file")


async def test_other_fields_are_ignored(shop: Shop, admin: Person):
    files: dict[str, Any] = {
        "note": (None, "hello"),
        "file": ("a.png", PNG, "image/png"),
        "other": ("b.txt", b"x", "text/plain"),
    }
    assert (await shop.client.post("/uploads/images", headers=admin.headers, files=files)).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"no boundary at all",
        b"--line\r\nno colon here\r\n\r\n\r\n--line--\r\n",
        form(PNG)[:-12],
        form(PNG)[:-4],
        b"--line",
        b"",
        b"--line\r\n: nameless\r\n\r\n\r\n--line--\r\n",
        b"--line\r\nContent-Disposition: form-data; name=file; filename="
        + b"x" * 10_000
        + b"\r\n\r\n\r\n--line--\r\n",
        b"--line\r\n" + b"X: y\r\n" * 1000 + b"\r\n\r\n--line--\r\n",
        b'--line\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n' * (MAX_FIELDS + 1) + b"--line--\r\n",
    ],
)
async def test_a_malformed_form_is_400(shop: Shop, admin: Person, body: bytes):
    assert_problem(
        await shop.client.post("/uploads/images", headers=admin.headers | FORM, content=body), 400, "HTTP_400"
    )


@pytest.mark.parametrize("parameters", ["", "; boundary=", "; boundary=" + "x" * 1000, "; charset=utf-8"])
async def test_a_form_without_a_boundary_is_400(shop: Shop, admin: Person, parameters: str):
    headers = admin.headers | {"Content-Type": f"multipart/form-data{parameters}"}
    assert_problem(await shop.client.post("/uploads/images", headers=headers, content=form(PNG)), 400, "HTTP_400")


@pytest.mark.parametrize("step", [1, 7, 1000])
async def test_the_form_may_arrive_in_any_pieces(shop: Shop, admin: Person, step: int):
    body = form(PNG, head='filename="a.png"\r\nContent-Type: image/png')

    async def pieces():
        for start in range(0, len(body), step):
            yield body[start : start + step]

    answer = await shop.client.post("/uploads/images", headers=admin.headers | FORM, content=pieces())
    assert answer.json() == (await upload(shop, admin, PNG)).json()


@pytest.mark.parametrize(
    "name", ["../../../etc/passwd", "/etc/passwd", "..\\..\\boot.ini", "a\\..\\b", "%2e%2e%2fx.png", "a;b.png", "é"]
)
async def test_the_name_of_the_file_is_of_no_account(shop: Shop, admin: Person, uploads: Path, name: str):
    answer = await upload(shop, admin, PNG, name=name)
    assert answer.status_code == 200
    assert len(names(uploads)) == 3
    assert {path.name for path in uploads.parent.iterdir()} == {"uploads"}


# order of checks


@pytest.mark.parametrize("who", ["nobody", "reader", "former admin"])
async def test_the_caller_is_authenticated_before_the_body_is_read(shop: Shop, settings: Settings, who: str):
    """Seen to fail without the exemption in BodyLimitMiddleware, which read the body first."""
    read = False

    async def body():
        nonlocal read
        read = True
        yield b"x"

    person = await shop.person(is_active=who != "former admin")
    headers = FORM | {"Content-Length": "104857600"} | (person.headers if who != "nobody" else {})
    answer = await shop.client.post("/uploads/images", headers=headers, content=body())
    expected = {
        "nobody": (401, "HTTP_401"),
        "reader": (403, "AUTH_FORBIDDEN"),
        "former admin": (403, "AUTH_ACCOUNT_DEACTIVATED"),
    }
    assert_problem(answer, *expected[who])
    assert not read


async def test_the_size_is_judged_before_the_type_and_the_type_before_the_content(
    shop: Shop, admin: Person, settings: Settings
):
    assert_problem(
        await upload(shop, admin, bytes(settings.upload_max_bytes + 1), "text/html"), 413, "BODY_TOO_LARGE"
    )
    assert_problem(await upload(shop, admin, PNG[:100], "text/html"), 415, "UPLOAD_TYPE_UNSUPPORTED")
    assert_problem(await upload(shop, admin, PNG[:100]), 422, "UPLOAD_IMAGE_INVALID")


# with real commits


async def test_the_same_picture_from_many_hands_at_once_is_stored_once(live: Shop, uploads: Path):
    admin = await live.admin()
    answers = await asyncio.gather(*(upload(live, admin, PNG) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["url"] for answer in answers}) == 1
    assert len(names(uploads)) == 3


async def test_a_repeated_transaction_does_not_read_the_body_again(live: Shop, raw: asyncpg.Connection):
    """Seen to fail without the image kept on the request: the second try found the stream consumed, 500."""
    await raw.execute("""
        CREATE SEQUENCE tries;
        CREATE FUNCTION fail_once() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF nextval('tries') = 1 THEN RAISE EXCEPTION 'once' USING ERRCODE = '40001'; END IF;
            RETURN NEW;
        END $$;
        CREATE TRIGGER fail_once BEFORE INSERT ON audit_events FOR EACH ROW EXECUTE FUNCTION fail_once();
    """)
    answer = await upload(live, await live.admin(), PNG)
    assert answer.status_code == 200, answer.text
    assert await raw.fetchval("SELECT count(*) FROM audit_events") == 1
    assert await raw.fetchval("SELECT last_value FROM tries") == 2


async def test_no_connection_is_held_while_the_body_comes_in(database_url: str, roomed: Settings):
    """Seen to fail without `release`: the only connection of the pool was taken, 503."""
    one = roomed.model_copy(update={"db_pool_size": 1, "db_max_overflow": 0, "database_url": database_url})
    app: FastAPI = create_app(one)
    engine = make_engine(database_url, one)
    app.state.database = Database(engine)
    app.state.images = ImageService(one)
    async with AsyncClient(transport=ASGITransport(app), base_url="http://shop.example") as client:
        shop = Shop(app, client)
        admin = await shop.admin()
        statuses = []

        async def slowly():
            yield form(PNG)[:100]
            statuses.append((await client.get("/genres")).status_code)
            yield form(PNG)[100:]

        answer = await client.post("/uploads/images", headers=admin.headers | FORM, content=slowly())
    await engine.dispose()
    assert (answer.status_code, statuses) == (200, [200])


@pytest.fixture
def obstructed(tmp_path: Path) -> None:
    (tmp_path / "uploads").touch()


@pytest.mark.usefixtures("obstructed")
async def test_a_data_folder_that_refuses_is_500_without_its_cause(shop: Shop, admin: Person):
    problem = assert_problem(await upload(shop, admin, PNG), 500, "INTERNAL_ERROR")
    assert problem["detail"] == "Internal server error"
