"""What the upload of an image refuses."""

from http import HTTPStatus

from app.core.errors import BodyTooLarge, DomainError, InvalidInput

_MB = 1_000_000


class FileTooLarge(BodyTooLarge):
    """The file, or the form around it, has more bytes than it may have."""

    def __init__(self, max_bytes: int) -> None:
        size = f"{max_bytes // _MB} MB" if max_bytes >= _MB else f"{max_bytes} bytes"
        super().__init__(f"The file may have {size} at most.")


class FileExpected(InvalidInput):
    """The form came without a file, or with several."""

    field = "file"
    detail = "Please choose a file first."


class TypeUnsupported(DomainError):
    """What is declared, or what the content really is, is no JPEG, PNG or WebP."""

    code = "UPLOAD_TYPE_UNSUPPORTED"
    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    title = "Type of file not supported"
    detail = "Upload a JPEG, PNG or WebP image."


class ImageInvalid(DomainError):
    """The image is broken or cut short."""

    code = "UPLOAD_IMAGE_INVALID"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    title = "Image not valid"
    detail = "The image cannot be read; upload it anew, or another one."


class TooManyPixels(ImageInvalid):
    """However few bytes it has: decoded it would fill the memory."""

    detail = "The image may have 40 megapixels at most."


class CannotStore(Exception):
    """The data folder refuses the files: for the operator, not for the caller."""
