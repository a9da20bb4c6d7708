"""From bytes of a stranger to small WebP pictures that hold nothing but pixels. CPU-heavy: call it in a thread."""

from collections.abc import Mapping
from contextlib import suppress
from io import BytesIO

from PIL import Image, ImageCms, ImageFile
from PIL.ExifTags import Base as Tag
from PIL.Image import Resampling, Transpose
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from app.media.errors import ImageInvalid, TooManyPixels
from app.media.rules import MAX_PIXELS, WIDTHS, Kind

# Pillow's reader of WebP allocates the whole canvas when it is made, unless there are more than twice so many pixels.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS // 2

# A progressive JPEG may walk over all its pixels once a scan; real ones have about ten scans.
MAX_SCANS = 100
_START_OF_SCAN = b"\xff\xda"
# Covers are about 2:3. What is taller than 1:2 is made narrower, not longer.
TALLEST = 2
QUALITY = 82
_DECODERS: Mapping[Kind, type[ImageFile.ImageFile]] = {
    "JPEG": JpegImageFile,
    "PNG": PngImageFile,
    "WEBP": WebPImageFile,
}
_UPRIGHT: Mapping[int, Transpose] = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}
_SIDEWAYS = frozenset({5, 6, 7, 8})


def renditions(content: bytes, kind: Kind) -> dict[str, bytes]:
    """The WebP file of each size, the same bytes for the same content. Needs up to 16 bytes a pixel meanwhile.

    Raises:
        ImageInvalid: it is broken, or has too many pixels, which the header tells before anything is decoded.
    """
    picture = _read(content, kind)
    return {size: _webp(picture, width) for size, width in WIDTHS.items()}


def _read(content: bytes, kind: Kind) -> Image.Image:
    if kind == "JPEG" and content.count(_START_OF_SCAN) > MAX_SCANS:
        raise ImageInvalid
    try:
        with _DECODERS[kind](BytesIO(content)) as image:
            _bound(image)
            return _normalised(image)
    except (TooManyPixels, Image.DecompressionBombError) as error:
        raise TooManyPixels from error
    except Exception as error:  # decoders stumble over malice in every way there is
        raise ImageInvalid from error


def _bound(image: Image.Image) -> None:
    if image.width * image.height > MAX_PIXELS:
        raise TooManyPixels


def _normalised(image: Image.Image) -> Image.Image:
    """Its first frame in sRGB, upright, no larger than the largest size. Shrunk first: the rest is cheap then."""
    orientation = _orientation(image)
    box = _box(WIDTHS["large"])
    picture = _resizable(image)
    _shrink(picture, box[::-1] if orientation in _SIDEWAYS else box)
    picture = _in_srgb(picture)
    return picture.transpose(_UPRIGHT[orientation]) if orientation in _UPRIGHT else picture


def _orientation(image: Image.Image) -> int:
    """How the camera was held; broken EXIF says nothing."""
    with suppress(Exception):
        return int(image.getexif().get(Tag.Orientation, 1))
    return 1


def _resizable(image: Image.Image) -> Image.Image:
    """In a mode whose neighbouring values can be mixed."""
    if image.mode.startswith("I"):  # 16 bits of grey, which a plain conversion would cut off at 255
        grey = image.point(lambda value: value * (1 / 257)).convert("L")
        grey.info.pop("transparency", None)
        return grey
    if image.mode in {"1", "P", "PA"} or "transparency" in image.info:
        return image.convert("RGBA" if image.has_transparency_data else "RGB")
    return image


def _in_srgb(picture: Image.Image) -> Image.Image:
    """By its colour profile, if it has one of use; what has none is taken for sRGB already."""
    mode = "RGBA" if picture.has_transparency_data else "RGB"
    if profile := picture.info.get("icc_profile"):
        with suppress(ImageCms.PyCMSError, OSError):
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            converted = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode=mode)
            if converted is not None:
                return converted
    return picture.convert(mode)


def _box(width: int) -> tuple[int, int]:
    return width, width * TALLEST


def _shrink(picture: Image.Image, box: tuple[int, int]) -> None:
    """Into the box, never growing. Told the exact size, a JPEG that is not decoded yet decodes a fraction only."""
    scale = min(1.0, box[0] / picture.width, box[1] / picture.height)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    picture.thumbnail(size, Resampling.LANCZOS, reducing_gap=3.0)


def _webp(picture: Image.Image, width: int) -> bytes:
    """No wider than that, without anything that was said about the picture."""
    fitted = picture.copy()
    _shrink(fitted, _box(width))
    stream = BytesIO()
    fitted.save(stream, "WEBP", quality=QUALITY, method=4, icc_profile=b"", exif=b"", xmp=b"")
    return stream.getvalue()
