"""The roots of all errors: for whoever runs the shop, and of the domain. They import no framework."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, ClassVar


class OperatorError(Exception):
    """What whoever runs the shop has to put right. The message is a sentence for them."""


class DomainError(Exception):
    """A rule of the shop says no.

    `code` names the rule for programs, `status` is that of the answer, `title` a short phrase that is the same for
    every answer with the code. `detail` is the sentence for people, `field` the input at fault. `keeps_changes` is
    set where the transaction must be committed although the request is refused, such as the revocation of a stolen
    session.

    A class that says the same as another in other words inherits the code from it. One that only groups others is
    declared with `groups_others=True` and is never raised.
    """

    code: ClassVar[str]
    status: ClassVar[HTTPStatus]
    title: ClassVar[str]
    detail: str
    field: str | None = None
    keeps_changes: ClassVar[bool] = False

    def __init_subclass__(cls, *, groups_others: bool = False) -> None:
        """Raises TypeError for a class without code, status or title, and for a code that another class has."""
        super().__init_subclass__()
        own = _ANSWER & vars(cls).keys()
        if groups_others:
            if own:
                raise TypeError(f"{cls.__name__} only groups others: it has no {', '.join(sorted(own))}")
            return
        if missing := _ANSWER - (own or {name for name in _ANSWER if hasattr(cls, name)}):
            raise TypeError(f"{cls.__name__} needs {', '.join(sorted(missing))}")
        if own and _BY_CODE.setdefault(cls.code, cls) is not cls:
            raise TypeError(f"{cls.code} is the code of {_BY_CODE[cls.code].__name__}: inherit from it")

    def __init__(self, detail: str | None = None) -> None:
        self.detail = detail or self.detail
        super().__init__(self.detail)

    def members(self) -> dict[str, object]:
        """What the answer carries beyond the sentence; JSON values."""
        return {}

    def document(self) -> dict[str, object]:
        """The problem document (RFC 9457) that tells of it."""
        body: dict[str, object] = {
            "type": f"/problems/{self.code}",
            "title": self.title,
            "status": int(self.status),
            "code": self.code,
            "detail": self.detail,
        }
        if self.field:
            body["field"] = self.field
        return body | self.members()

    def retry_after(self) -> int | None:
        """Seconds after which trying again makes sense, where it does."""
        return None


_ANSWER = {"code", "status", "title"}
_BY_CODE: dict[str, type[DomainError]] = {}


def error_with(code: str) -> type[DomainError]:
    """The class that owns the code; KeyError where none does."""
    return _BY_CODE[code]


def all_codes() -> list[str]:
    """The codes of all classes that are imported."""
    return list(_BY_CODE)


class InvalidInput(DomainError):
    """The request does not say what the operation asks for."""

    code = "VALIDATION_ERROR"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    title = "Request is not valid"
    detail = "Request is not valid."


class InvalidRequest(InvalidInput):
    """All that is wrong with a request, each as `loc`, `msg` and `type`, without repeating any of its values."""

    def __init__(self, errors: Sequence[Mapping[str, Any]]) -> None:
        self.errors = [
            {"loc": list(error["loc"]), "msg": str(error["msg"]).removeprefix("Value error, "), "type": error["type"]}
            for error in errors
        ]
        place = [part for part in self.errors[0]["loc"][1:] if isinstance(part, str)]
        message = self.errors[0]["msg"]
        super().__init__(f"{place[-1]}: {message}" if place else message)
        self.field = place[-1] if place else None

    def members(self) -> dict[str, object]:
        return {"errors": self.errors}


def invalid_input(*loc: str | int, message: str, kind: str = "value_error") -> InvalidRequest:
    """An error found by our own code; `loc` as in `("query", "cursor")`. The message repeats no input."""
    return InvalidRequest([{"loc": loc, "msg": message, "type": kind}])


class BodyTooLarge(DomainError):
    """The body has more bytes than the operation takes."""

    code = "BODY_TOO_LARGE"
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    title = "Body too large"
    detail = "Body too large."


class InternalError(DomainError):
    """A fault of the shop's own. The answer tells nothing of its cause."""

    code = "INTERNAL_ERROR"
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    title = "Internal server error"
    detail = "Internal server error"


class TryAgain(DomainError):
    """A lock wait ran out, or a conflict between transactions outlived its repetitions; nothing changed."""

    code = "BUSY_TRY_AGAIN"
    status = HTTPStatus.SERVICE_UNAVAILABLE
    title = "Busy, try again"
    detail = "The shop is busy. Please try again."

    def retry_after(self) -> int:
        return 1


class Full(DomainError, groups_others=True):
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
    status = HTTPStatus.TOO_MANY_REQUESTS
    title = "Too many attempts"
    detail = "Too many attempts. Please wait a little."

    def __init__(self, seconds: int) -> None:
        super().__init__()
        self.seconds = seconds

    def retry_after(self) -> int:
        return self.seconds
