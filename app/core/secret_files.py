"""Files of the data folder that are made once and kept private: the signing key, the passwords of the demo."""

import os
import secrets
from pathlib import Path

from app.core.errors import OperatorError
from app.core.production import MIN_SECRET_BYTES


class ConfigurationError(OperatorError):
    """A setting is missing or unusable."""


def kept_secret(path: Path) -> str:
    """The secret in that file (mode 0600), made at the first call; several processes may race for it.

    Raises:
        ConfigurationError: the folder cannot be written, or the file holds no secret of use.
    """
    secret = kept_text(path, secrets.token_urlsafe(48)).strip()
    if len(secret.encode()) < MIN_SECRET_BYTES:
        raise ConfigurationError(f"{path} holds no secret of {MIN_SECRET_BYTES} bytes: delete it, and one is made")
    return secret


def kept_text(path: Path, text: str) -> str:
    """What stands in that file (mode 0600); `text`, written whole or not at all, when there is none yet.

    Raises:
        ConfigurationError: the folder cannot be written, or the file not read.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _publish(text, path)
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"The data folder {path.parent} cannot be used: {error.strerror}") from error


def _publish(text: str, path: Path) -> None:
    """First writer wins: a link, unlike a rename, never replaces what is there."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    draft.touch(mode=0o600)
    try:
        with draft.open("w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
