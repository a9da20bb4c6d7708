"""The root of all domain errors. They carry data and a sentence, and know nothing of HTTP."""

from typing import ClassVar


class DomainError(Exception):
    """A rule of the shop says no.

    `code` names the rule (app.core.problems gives each code its status and title), `detail` is the sentence for
    people, `field` the input at fault. `keeps_changes` is set where the transaction must be committed although the
    request is refused, such as the revocation of a stolen session.
    """

    code: ClassVar[str]
    detail: str
    field: str | None = None
    keeps_changes: ClassVar[bool] = False

    def __init__(self, detail: str | None = None) -> None:
        self.detail = detail or self.detail
        super().__init__(self.detail)

    def members(self) -> dict[str, object]:
        """What the answer carries beyond the sentence; JSON values."""
        return {}

    def retry_after(self) -> int | None:
        """Seconds after which trying again makes sense, where it does."""
        return None


class TryAgain(DomainError):
    """A lock wait ran out, or a conflict between transactions outlived its repetitions; nothing changed."""

    code = "BUSY_TRY_AGAIN"
    detail = "The shop is busy. Please try again."

    def retry_after(self) -> int:
        return 1


class Full(DomainError):
    """A collection holds as much as it may: `limit`, which a setting names (docs/limits.md)."""

    sentence: ClassVar[str]

    def __init__(self, limit: int) -> None:
        super().__init__(self.sentence.format(limit=limit))
        self.limit = limit

    def members(self) -> dict[str, object]:
        return {"limit": self.limit}


class RateLimited(DomainError):
    """Too many attempts in the window; `seconds` until it ends."""

    code = "RATE_LIMITED"
    detail = "Too many attempts. Please wait a little."

    def __init__(self, seconds: int) -> None:
        super().__init__()
        self.seconds = seconds

    def retry_after(self) -> int:
        return self.seconds
