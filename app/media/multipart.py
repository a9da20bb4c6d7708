"""The file of a multipart form, bounded while it streams in. Nothing is spooled: it fits in memory or is refused."""

from dataclasses import dataclass, field

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from app.core.body_guard import declares_more_than
from app.core.problems import invalid_input
from app.media.errors import FileTooLarge

FIELD = b"file"
MAX_PARTS = 20
# Boundaries, headers of parts and other fields may have as much beside the file.
OVERHEAD_BYTES = 64 * 1024


@dataclass
class UploadedFile:
    """A file as it came: what its sender calls it, and what it is."""

    content_type: str
    content: bytes


@dataclass
class _Part:
    headers: dict[bytes, bytes] = field(default_factory=dict)
    content: bytearray = field(default_factory=bytearray)

    @property
    def is_wanted(self) -> bool:
        """A file has a name or a type; a field of text, though it be called `file`, has neither."""
        disposition, options = parse_options_header(self.headers.get(b"content-disposition"))
        is_file = b"filename" in options or b"content-type" in self.headers
        return disposition == b"form-data" and options.get(b"name") == FIELD and is_file

    @property
    def is_blank(self) -> bool:
        """What a browser sends where no file was chosen."""
        _, options = parse_options_header(self.headers.get(b"content-disposition"))
        return not self.content and not options.get(b"filename")


class _Form:
    """Hears what the parser finds, and keeps the wanted part alone."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._parts = 0
        self._part = _Part()
        self._keeping = False
        self._name = b""
        self._value = b""
        self.found: list[_Part] = []
        self.ended = False

    def parser(self, boundary: bytes) -> MultipartParser:
        return MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._header_name,
                "on_header_value": self._header_value,
                "on_header_end": self._header_end,
                "on_headers_finished": self._headers_finished,
                "on_part_data": self._data,
                "on_end": self._end,
            },
        )

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise FormParserError("too many parts")
        self._part, self._keeping = _Part(), False

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        self._part.headers[self._name.lower()] = self._value
        self._name = self._value = b""

    def _headers_finished(self) -> None:
        self._keeping = self._part.is_wanted
        if self._keeping:
            self.found.append(self._part)

    def _data(self, data: bytes, start: int, end: int) -> None:
        if not self._keeping:
            return
        if len(self._part.content) + end - start > self._max_bytes:
            raise FileTooLarge(self._max_bytes)
        self._part.content += data[start:end]

    def _end(self) -> None:
        self.ended = True


async def read_file(request: Request, max_bytes: int) -> UploadedFile:
    """The part `file` of the form, of at most that many bytes; reading stops as soon as there are more.

    Raises:
        RequestValidationError: it is no form, or the file is missing or there twice.
        FileTooLarge: the file, or all around it, is beyond the bound.
        HTTPException: 400, the form is malformed or was cut short.
    """
    form = _Form(max_bytes)
    try:
        parser = form.parser(_boundary(request))
        await _feed(parser, request, max_bytes)
    except FormParserError as error:
        raise HTTPException(400, "The body is not a well-formed multipart form.") from error
    except ClientDisconnect as error:
        raise HTTPException(400, "The upload was cut short.") from error
    if not form.ended:
        raise HTTPException(400, "The multipart form has no end.")
    return _the_one(form.found)


def _boundary(request: Request) -> bytes:
    kind, options = parse_options_header(request.headers.get("content-type"))
    if kind != b"multipart/form-data":
        raise _missing()
    if not (boundary := options.get(b"boundary")):
        raise FormParserError("no boundary")
    return boundary


async def _feed(parser: MultipartParser, request: Request, max_bytes: int) -> None:
    bound = max_bytes + OVERHEAD_BYTES
    if declares_more_than(bound, request.scope):
        raise FileTooLarge(max_bytes)
    received = 0
    async for chunk in request.stream():
        received += len(chunk)
        if received > bound:
            raise FileTooLarge(max_bytes)
        parser.write(chunk)


def _the_one(found: list[_Part]) -> UploadedFile:
    parts = [part for part in found if not part.is_blank]
    if not parts:
        raise _missing()
    if len(parts) > 1:
        raise invalid_input("body", "file", message="must be given once", kind="too_long")
    declared, _ = parse_options_header(parts[0].headers.get(b"content-type"))
    return UploadedFile(declared.decode("latin-1"), bytes(parts[0].content))


def _missing() -> Exception:
    return invalid_input("body", "file", message="Field required: an image in a multipart form", kind="missing")
