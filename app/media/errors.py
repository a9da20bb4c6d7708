"""What the upload of an image refuses."""

from http import HTTPStatus

from app.core.errors import BodyTooLarge, DomainError


class FileTooLarge(BodyTooLarge):
    """The image, or the body around it, has more bytes than an upload may have."""

    def __init__(self, max_bytes: int) -> None:
        super().__init__(f"The image may have {max_bytes} bytes at most.")


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
