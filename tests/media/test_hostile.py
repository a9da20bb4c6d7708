"""Uploads that mean harm: disguises, bombs, things appended, broken files."""

import io
import struct
import zipfile
import zlib
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.media.errors import ImageInvalid
from app.media.images import MAX_SCANS, renditions
from app.media.rules import sniff
from tests.media.support import TYPES, encoded, names, quarters, upload
from tests.media.test_pictures import png
from tests.support import Person, Shop, assert_problem

HTML = b"<!DOCTYPE html><script>alert(1)</script>"
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
FILES = {kind: encoded(quarters(), kind) for kind in TYPES}


@pytest.mark.parametrize(
    "content",
    [
        HTML,
        SVG,
        b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;",
        encoded(quarters(), "BMP"),
        encoded(quarters(), "TIFF"),
        b"%PDF-1.7\n",
        b"\0\0\0\x20ftypavif",
        b"RIFF\x04\0\0\0WAVE",
        b"\x89PNG",
        b"",
        b" " + FILES["PNG"],
        b"#!/bin/sh\n" + FILES["JPEG"],
    ],
)
async def test_what_only_calls_itself_an_image_is_415(shop: Shop, admin: Person, uploads: Path, content: bytes):
    assert_problem(await upload(shop, admin, content), 415, "UPLOAD_TYPE_UNSUPPORTED")
    assert not names(uploads)


@pytest.mark.parametrize(
    "content",
    [
        b"\x89PNG\r\n\x1a\n" + HTML,
        b"\xff\xd8\xff" + HTML,
        b"RIFF\xff\0\0\0WEBP" + HTML,
        b"RIFF\xff\0\0\0WEBPVP8 " + HTML,
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff",
        b"RIFF\0\0\0\0WEBP",
        png(0, 5, 8, 2, b""),
        png(5, 5, 8, 2, b""),
        png(5, 5, 3, 7, b""),
    ],
)
async def test_what_only_begins_as_an_image_is_422(shop: Shop, admin: Person, uploads: Path, content: bytes):
    assert_problem(await upload(shop, admin, content), 422, "UPLOAD_IMAGE_INVALID")
    assert not names(uploads)


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("share", [0.02, 0.1, 0.5, 0.9, 0.97])
async def test_a_truncated_image_is_422(shop: Shop, admin: Person, kind: str, share: float):
    content = encoded(quarters((640, 900)), kind, **({"lossless": True} if kind == "WEBP" else {}))
    cut = content[: int(len(content) * share)]
    code = "UPLOAD_IMAGE_INVALID" if sniff(cut) else "UPLOAD_TYPE_UNSUPPORTED"
    assert_problem(await upload(shop, admin, cut), 422 if sniff(cut) else 415, code)


def archive() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as zipped:
        zipped.writestr("evil.txt", "PAYLOAD")
    return stream.getvalue()


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("tail", [HTML + b"PAYLOAD", archive()], ids=["script", "zip"])
async def test_of_a_file_that_is_two_things_only_the_picture_is_kept(
    shop: Shop, admin: Person, kind: str, tail: bytes
):
    answer = await upload(shop, admin, FILES[kind] + tail)
    assert answer.status_code == 200
    assert answer.json() == (await upload(shop, admin, FILES[kind])).json()
    for path in answer.json()["sizes"].values():
        content = (await shop.client.get(path)).content
        assert not [mark for mark in (b"PAYLOAD", b"<script", b"PK\x03\x04") if mark in content]
        assert content[:4] == b"RIFF"
        assert struct.unpack("<I", content[4:8])[0] == len(content) - 8


def test_a_script_inside_a_comment_is_not_kept():
    content = encoded(quarters(), "JPEG", comment=HTML)
    assert HTML in content
    assert not [written for written in renditions(content, "JPEG").values() if b"<script" in written]


# bombs


def bombs() -> dict[str, bytes]:
    """Small files of very many pixels."""
    row = b"\0" + bytes(2500)
    flat = zlib.compressobj(9)
    squeezed = flat.compress(row * 20_000) + flat.flush()
    large_png = png(20_000, 20_000, 1, 0, b"")
    hole = large_png.index(b"IDAT") - 4
    chunk = b"IDAT" + squeezed
    whole = struct.pack(">I", len(squeezed)) + chunk + struct.pack(">I", zlib.crc32(chunk))
    jpeg = bytearray(FILES["JPEG"])
    frame = jpeg.index(b"\xff\xc0")
    jpeg[frame + 5 : frame + 9] = struct.pack(">HH", 65_000, 65_000)
    return {
        "png": large_png[:hole] + whole + png(1, 1, 8, 0, b"")[-12:],
        "jpeg": bytes(jpeg),
        "webp": webp(lossless(16_383)),
        "webp of a hundred megapixels": webp(lossless(10_000)),
        "extended webp": webp(extended(16_383)),
        "extended webp of a hundred megapixels": webp(extended(10_000)),
    }


def webp(chunks: bytes) -> bytes:
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WEBP" + chunks


def lossless(side: int) -> bytes:
    sides = ((side - 1) | ((side - 1) << 14)).to_bytes(4, "little")
    return b"VP8L" + struct.pack("<I", 20) + b"\x2f" + sides + bytes(15)


def extended(side: int) -> bytes:
    return b"VP8X" + struct.pack("<I", 10) + bytes(4) + (side - 1).to_bytes(3, "little") * 2 + lossless(side)


@pytest.mark.parametrize("name", bombs())
async def test_a_bomb_is_refused_by_its_header(shop: Shop, admin: Person, monkeypatch: pytest.MonkeyPatch, name: str):
    """Seen to fail without the bounds: the decoder is reached, or that of WebP made, which takes a canvas at once."""

    def decode(*_: object) -> None:
        raise AssertionError("decoded")

    monkeypatch.setattr("app.media.images._normalised", decode)
    monkeypatch.setattr("PIL._webp.WebPAnimDecoder", decode)
    problem = assert_problem(await upload(shop, admin, bombs()[name]), 422, "UPLOAD_IMAGE_INVALID")
    assert "40 megapixels" in problem["detail"]


async def test_forty_megapixels_pass_and_one_row_more_is_422(shop: Shop, admin: Person):
    def grey(height: int) -> bytes:
        return png(8000, height, 1, 0, (b"\0" + b"\xaa" * 1000) * height)

    assert (await upload(shop, admin, grey(5000))).status_code == 200
    problem = assert_problem(await upload(shop, admin, grey(5001)), 422, "UPLOAD_IMAGE_INVALID")
    assert "40 megapixels" in problem["detail"]


@pytest.mark.parametrize("chunk", [b"zTXt", b"iTXt", b"iCCP"])
async def test_a_text_that_swells_when_it_is_unpacked_is_422(shop: Shop, admin: Person, chunk: bytes):
    swelling = zlib.compress(bytes(20_000_000), 9)
    heads = {b"zTXt": b"a\0\0", b"iTXt": b"a\0\1\0\0\0", b"iCCP": b"a\0\0"}
    content = png(5, 5, 8, 2, (b"\0" + bytes(15)) * 5, (chunk, heads[chunk] + swelling))
    assert len(content) < 1_000_000
    assert_problem(await upload(shop, admin, content), 422, "UPLOAD_IMAGE_INVALID")


async def test_many_such_texts_are_422(shop: Shop, admin: Person):
    text = (b"zTXt", b"a\0\0" + zlib.compress(bytes(1_000_000), 9))
    content = png(5, 5, 8, 2, (b"\0" + bytes(15)) * 5, *[text] * 100)
    assert_problem(await upload(shop, admin, content), 422, "UPLOAD_IMAGE_INVALID")


async def test_a_jpeg_of_endless_scans_is_422(shop: Shop, admin: Person):
    """Seen to fail without the bound on scans: it is decoded, scan by scan."""
    content = encoded(quarters(), "JPEG", progressive=True)
    last = content.rindex(b"\xff\xda")
    again = content[last:-2] * MAX_SCANS
    assert (await upload(shop, admin, content)).status_code == 200
    answer = await upload(shop, admin, content[:-2] + again + content[-2:])
    assert_problem(answer, 422, "UPLOAD_IMAGE_INVALID")


@settings(deadline=None)
@given(
    st.sampled_from(sorted(FILES)),
    st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), min_size=1, max_size=20),
)
def test_damage_of_any_kind_gives_a_picture_or_a_refusal(kind: str, damage: list[tuple[float, int]]):
    content = bytearray(FILES[kind])
    for place, value in damage:
        content[12 + int((len(content) - 12) * place)] = value
    with suppress(ImageInvalid):
        assert renditions(bytes(content), kind)  # type: ignore[arg-type]
