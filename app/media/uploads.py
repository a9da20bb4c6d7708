"""The file of a multipart form, within a bound that is kept while the body streams in."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from app.core.body_limit import declares_more_than
from app.media.errors import FileExpected, FileTooLarge

FIELD = "file"
MAX_FIELDS, MAX_FILES = 20, 3
# Boundaries, headers of parts and other fields may have as much beside the file.
OVERHEAD_BYTES = 64 * 1024


@asynccontextmanager
async def read_upload(request: Request, max_bytes: int) -> AsyncIterator[UploadFile]:
    """The part `file` of the form, of at most that many bytes; beyond a megabyte it lies in a temporary file.

    Raises:
        FileExpected: it is no multipart form, or the file is missing or there twice.
        FileTooLarge: the file, or all around it, is beyond the bound; reading stops there.
        HTTPException: 400, the form is malformed or was cut short.
    """
    if declares_more_than(max_bytes + OVERHEAD_BYTES, request.scope):
        raise FileTooLarge(max_bytes)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "multipart/form-data":
        raise FileExpected
    body = _bounded(request, max_bytes)
    parser = MultiPartParser(
        request.headers, body, max_files=MAX_FILES, max_fields=MAX_FIELDS, max_part_size=max_bytes + OVERHEAD_BYTES
    )
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise HTTPException(400, "The body is not a well-formed multipart form.") from error
    except ClientDisconnect as error:
        raise HTTPException(400, "The upload was cut short.") from error
    try:
        yield _the_one([part for part in form.getlist(FIELD) if isinstance(part, UploadFile)], max_bytes)
    finally:
        await form.close()


def _the_one(files: list[UploadFile], max_bytes: int) -> UploadFile:
    """A browser sends an empty file without a name where none was chosen."""
    chosen = [file for file in files if file.filename or file.size]
    if not chosen:
        raise FileExpected
    if len(chosen) > 1:
        raise FileExpected("Please choose one file only.")
    if (chosen[0].size or 0) > max_bytes:
        raise FileTooLarge(max_bytes)
    return chosen[0]


async def _bounded(request: Request, max_bytes: int) -> AsyncGenerator[bytes]:
    received, end = 0, b""
    async for chunk in request.stream():
        received += len(chunk)
        if received > max_bytes + OVERHEAD_BYTES:
            raise FileTooLarge(max_bytes)
        end = (end + chunk[-4:])[-4:]
        yield chunk
    if not end.rstrip(b"\r\n").endswith(b"--"):  # the parser would take a file that was cut off for none at all
        raise MultiPartException("The form has no end.")
