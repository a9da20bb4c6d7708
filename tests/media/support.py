"""Pictures to upload, and the shop they are uploaded to."""

from io import BytesIO
from pathlib import Path
from typing import Any

from httpx2 import Response
from PIL import Image

from tests.support import Person, Shop

RED, GREEN, BLUE, WHITE = (200, 30, 30), (30, 160, 30), (30, 30, 200), (240, 240, 240)
TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}


def quarters(size: tuple[int, int] = (300, 450)) -> Image.Image:
    """Red and green above, blue and white below, so that one sees which way it is turned."""
    width, height = size[0] // 2, size[1] // 2
    picture = Image.new("RGB", size, WHITE)
    picture.paste(RED, (0, 0, width, height))
    picture.paste(GREEN, (width, 0, size[0], height))
    picture.paste(BLUE, (0, height, width, size[1]))
    return picture


def encoded(picture: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    stream = BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def decoded(content: bytes) -> Image.Image:
    with Image.open(BytesIO(content), formats=["WEBP"]) as image:
        image.load()
        return image


def corners(picture: Image.Image) -> list[str]:
    """The colours of the four quarters: upper left, upper right, lower left, lower right."""
    plain = picture.convert("RGB")
    places = [(x, y) for y in (0.25, 0.75) for x in (0.25, 0.75)]
    return [nearest(plain.getpixel((int(plain.width * x), int(plain.height * y)))) for x, y in places]


def nearest(pixel: Any) -> str:
    named = {"red": RED, "green": GREEN, "blue": BLUE, "white": WHITE, "black": (0, 0, 0), "grey": (128, 128, 128)}
    return min(named, key=lambda name: sum((a - b) ** 2 for a, b in zip(named[name], pixel, strict=True)))


async def upload(
    shop: Shop, person: Person, content: bytes, declared: str | None = "image/png", name: str = "cover.png"
) -> Response:
    return await shop.client.post(
        "/uploads/images", headers=person.headers, files={"file": (name, content, declared)}
    )


async def stored(shop: Shop, person: Person, content: bytes, size: str = "large") -> Image.Image:
    """Upload it and look at what is served."""
    answer = await upload(shop, person, content)
    assert answer.status_code == 200, answer.text
    served = await shop.client.get(answer.json()["sizes"][size])
    assert served.status_code == 200
    return decoded(served.content)


def form(content: bytes, *, name: str = "file", head: str = 'filename="a.png"', boundary: str = "line") -> bytes:
    """A form of one part, written by hand."""
    disposition = f'Content-Disposition: form-data; name="{name}"; {head}\r\n\r\n'
    return f"--{boundary}\r\n{disposition}".encode() + content + f"\r\n--{boundary}--\r\n".encode()


FORM = {"Content-Type": "multipart/form-data; boundary=line"}


def names(uploads: Path) -> set[str]:
    """What lies in the folder, apart from its lock."""
    return {path.name for path in uploads.iterdir()} - {".lock"} if uploads.exists() else set()
