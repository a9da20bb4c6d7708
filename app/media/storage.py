"""The folder of the images. Everything here blocks: call it in a thread.

A file bears the digest of its content, is written whole or not at all, and is never changed. Who writes and who
deletes hold the same lock, so that an image that is uploaded again is not deleted behind the upload's back.
"""

import os
import secrets
import stat
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from app.core.embedded.locks import exclusive
from app.media.rules import STEM_DIGITS, STORED_NAME, file_names

_DRAFT_SUFFIX = ".part"


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file as it is served; `modified_at` in seconds since 1970."""

    content: bytes
    size: int
    modified_at: float


class ImageFolder:
    """Images below the data folder. The pictures of a shop window are no secret: others may read them."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = path / ".lock"

    def store(self, renditions: Mapping[str, bytes]) -> str:
        """Keep the files of an image; the stem of their names. What is there already stays, and counts as new.

        Raises:
            OSError: the folder cannot be written.
        """
        stem = sha256(renditions["large"]).hexdigest()[:STEM_DIGITS]
        self._path.mkdir(mode=0o755, parents=True, exist_ok=True)
        with exclusive(self._lock):
            for size, name in file_names(stem).items():
                self._keep(self._path / name, renditions[size])
            _flush(self._path)
        return stem

    def _keep(self, path: Path, content: bytes) -> None:
        try:
            os.utime(path)
        except FileNotFoundError:
            _write(path, content)

    def open(self, name: str, *, with_content: bool) -> StoredFile | None:
        """The file of that name; None unless it is a regular file of the folder itself, reached by no link."""
        if not STORED_NAME.fullmatch(name):
            return None
        descriptor = _descriptor(self._path / name)
        if descriptor is None:
            return None
        try:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                return None
            with open(descriptor, "rb", closefd=False) as stream:
                return StoredFile(stream.read() if with_content else b"", found.st_size, found.st_mtime)
        finally:
            os.close(descriptor)

    def stems_older_than(self, seconds: float) -> set[str]:
        """The images that nobody uploaded since."""
        return {match["stem"] for path in self._aged(seconds) if (match := STORED_NAME.fullmatch(path.name))}

    def delete_older_than(self, seconds: float, stems: Iterable[str]) -> int:
        """Delete the files of these images, and drafts that were left behind, unless they are younger; how many."""
        doomed = frozenset(stems)
        deleted = 0
        for path in self._aged(seconds):
            match = STORED_NAME.fullmatch(path.name)
            if (match and match["stem"] in doomed) or path.name.endswith(_DRAFT_SUFFIX):
                with exclusive(self._lock):
                    deleted += _delete_older_than(seconds, path)
        return deleted

    def _aged(self, seconds: float) -> list[Path]:
        if not self._path.is_dir():
            return []
        return [path for path in self._path.iterdir() if _is_older_than(seconds, path)]


def _descriptor(path: Path) -> int | None:
    """The file, waiting for nobody who might write into a pipe; None when it is missing or a link."""
    try:
        return os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except PermissionError:
        raise
    except OSError:
        return None


def _is_older_than(seconds: float, path: Path) -> bool:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return False
    return found.st_mtime < time.time() - seconds and not stat.S_ISDIR(found.st_mode)


def _delete_older_than(seconds: float, path: Path) -> bool:
    """Look at the age once more, under the lock: the image may have been uploaded again."""
    if not _is_older_than(seconds, path):
        return False
    path.unlink(missing_ok=True)
    return True


def _write(path: Path, content: bytes) -> None:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}{_DRAFT_SUFFIX}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _flush(folder: Path) -> None:
    """Have the names of new files outlive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
