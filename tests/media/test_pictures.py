"""What becomes of the pixels, and of everything else that an image file may hold."""

import struct
import zlib
from io import BytesIO
from typing import Any

import pytest
from PIL import Image, ImageCms, PngImagePlugin
from PIL.ExifTags import IFD, Base

from app.media.images import renditions
from app.media.rules import sniff
from tests.media.support import BLUE, RED, TYPES, corners, decoded, encoded, nearest, quarters

UPRIGHT = ["red", "green", "blue", "white"]


def kept(content: bytes, size: str = "large") -> Image.Image:
    kind = sniff(content)
    assert kind
    return decoded(renditions(content, kind)[size])


def png(width: int, height: int, depth: int, colour: int, rows: bytes, *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG written by hand, for what Pillow does not write."""
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    parts = [(b"IHDR", head), *chunks, (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    written = [
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in parts
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(written)


@pytest.mark.parametrize("kind", TYPES)
def test_colours_and_proportions_stay(kind: str):
    picture = kept(encoded(quarters((800, 1200)), kind))
    assert (picture.mode, picture.size, corners(picture)) == ("RGB", (640, 960), UPRIGHT)


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_picture_is_turned_upright_as_the_camera_says(kind: str, orientation: int):
    exif = Image.Exif()
    exif[Base.Orientation] = orientation
    back = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    as_shot = quarters((660, 990))
    if orientation in back:
        as_shot = as_shot.transpose(back[orientation])
    for size, expected in (("large", (640, 960)), ("small", (160, 240))):
        picture = kept(encoded(as_shot, kind, exif=exif), size)
        assert (picture.size, corners(picture)) == (expected, UPRIGHT)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
@pytest.mark.parametrize("exif", [b"Exif\0\0garbage", b"Exif\0\0MM\0*\xff\xff\xff\xff", b""])
def test_broken_exif_is_no_reason_to_refuse(exif: bytes):
    assert corners(kept(encoded(quarters(), "JPEG", exif=exif))) == UPRIGHT


@pytest.mark.parametrize("kind", TYPES)
def test_nothing_but_pixels_is_kept(kind: str):
    """Seen to fail when Pillow is given the EXIF block of the source to write."""
    exif = Image.Exif()
    exif[Base.ImageDescription] = "SECRET-description"
    exif.get_ifd(IFD.GPSInfo).update({1: "N", 2: (52.0, 31.0, 12.0), 29: "SECRET-gps"})
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "SECRET-text")
    text.add_itxt("XML:com.adobe.xmp", "<x>SECRET-xmp</x>")
    options: dict[str, dict[str, Any]] = {
        "JPEG": {"exif": exif, "comment": b"SECRET-comment", "xmp": b"<x>SECRET-xmp</x>"},
        "PNG": {"exif": exif, "pnginfo": text},
        "WEBP": {"exif": exif, "xmp": b"<x>SECRET-xmp</x>"},
    }
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    content = encoded(quarters(), kind, icc_profile=profile, **options[kind])
    assert b"SECRET-gps" in content
    for written in renditions(content, sniff(content) or "PNG").values():
        assert not [mark for mark in (b"SECRET", b"Exif", b"EXIF", b"ICCP", b"XMP ", b"acsp") if mark in written]
        picture = decoded(written)
        assert not picture.getexif()
        assert not {"icc_profile", "exif", "xmp", "comment"} & picture.info.keys()


def swapped_profile() -> bytes:
    """sRGB with red and blue exchanged: who obeys it sees blue where red was written."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    marks = profile.replace(b"rXYZ", b"####", 1).replace(b"bXYZ", b"rXYZ", 1)
    return marks.replace(b"####", b"bXYZ", 1)


@pytest.mark.parametrize("kind", TYPES)
def test_colours_are_converted_by_their_profile(kind: str):
    """Seen to fail without the conversion: red stays red."""
    picture = kept(encoded(Image.new("RGB", (50, 50), RED), kind, icc_profile=swapped_profile()))
    assert nearest(picture.getpixel((25, 25))) == "blue"


def test_transparency_survives_a_colour_profile():
    content = encoded(Image.new("RGBA", (50, 50), (*RED, 100)), icc_profile=swapped_profile())
    red, green, blue, alpha = kept(content).getpixel((25, 25))  # type: ignore[misc]
    assert nearest((red, green, blue)) == "blue"
    assert alpha == pytest.approx(100, abs=3)


@pytest.mark.parametrize("profile", [b"garbage", swapped_profile()[:200]])
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_a_profile_of_no_use_is_ignored(mode: str, profile: bytes):
    content = encoded(quarters().convert(mode), "JPEG", icc_profile=profile)
    assert kept(content).size == (300, 450)


def test_a_profile_of_another_kind_of_colours_is_ignored():
    content = encoded(Image.new("L", (9, 9), 128), "JPEG", icc_profile=swapped_profile())
    assert nearest(kept(content).getpixel((4, 4))) == "grey"


@pytest.mark.parametrize(
    ("mode", "kind", "expected"),
    [
        ("1", "PNG", ["black", "black", "black", "white"]),
        ("L", "PNG", None),
        ("L", "JPEG", None),
        ("LA", "PNG", None),
        ("P", "PNG", UPRIGHT),
        ("RGBA", "PNG", UPRIGHT),
        ("RGBA", "WEBP", UPRIGHT),
        ("CMYK", "JPEG", UPRIGHT),
    ],
)
def test_every_mode_of_colours_is_read(mode: str, kind: str, expected: list[str] | None):
    content = encoded(quarters().convert(mode, dither=Image.Dither.NONE), kind)
    picture = kept(content)
    assert picture.mode == "RGB"
    if expected:
        assert corners(picture) == expected


def test_sixteen_bits_of_grey_are_brought_to_eight():
    """Seen to fail with a plain conversion, which cuts everything above 255 to white."""
    rows = b"".join(b"\0" + struct.pack(">4H", 0, 20_000, 40_000, 65_535) for _ in range(4))
    picture = kept(png(4, 4, 16, 0, rows))
    shades = [picture.getpixel((x, 1))[0] for x in range(4)]  # type: ignore[index]
    assert shades == [pytest.approx(value, abs=12) for value in (0, 78, 156, 255)]


@pytest.mark.parametrize(
    ("depth", "colour", "pixel", "transparent"),
    [
        (16, 0, struct.pack(">H", 40_000), struct.pack(">H", 40_000)),
        (16, 2, struct.pack(">3H", 40_000, 1, 2), struct.pack(">3H", 40_000, 1, 2)),
        (8, 0, b"\x80", struct.pack(">H", 128)),
        (8, 2, bytes(RED), struct.pack(">3H", *RED)),
    ],
)
def test_a_transparent_colour_is_read(depth: int, colour: int, pixel: bytes, transparent: bytes):
    content = png(4, 4, depth, colour, (b"\0" + pixel * 4) * 4, (b"tRNS", transparent))
    assert kept(content).size == (4, 4)


def test_a_palette_with_transparent_entries_stays_transparent():
    picture = Image.new("P", (40, 40), 0)
    picture.putpalette([*RED, *BLUE])
    picture.paste(1, (20, 0, 40, 40))
    read = kept(encoded(picture, transparency=0))
    assert read.mode == "RGBA"
    assert read.getpixel((5, 20))[3] == 0  # type: ignore[index]
    assert nearest(read.getpixel((35, 20))[:3]) == "blue"  # type: ignore[index]


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_of_an_animation_the_first_frame_is_kept(kind: str):
    frames = [Image.new("RGB", (60, 90), colour) for colour in (RED, BLUE, BLUE)]
    stream = BytesIO()
    frames[0].save(stream, kind, save_all=True, append_images=frames[1:], duration=50)
    picture = kept(stream.getvalue())
    assert not getattr(picture, "is_animated", False)
    assert nearest(picture.getpixel((30, 45))) == "red"


@pytest.mark.parametrize("kind", TYPES)
def test_the_same_content_gives_the_same_bytes(kind: str):
    content = encoded(quarters((800, 900)), kind)
    assert renditions(content, sniff(content) or "PNG") == renditions(content, sniff(content) or "PNG")
