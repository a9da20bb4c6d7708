"""What an application holds for all of its requests, each part under a typed name.

The room that owns a part declares its name and reads it with `of`; `app.container` puts all of them into a new
application. Nothing else reads or writes `app.state`.
"""

from typing import Any, Generic, Protocol, TypeVar, cast

from app.core.config import Settings
from app.core.keys import Keys

T = TypeVar("T")


class Application(Protocol):
    """What Starlette and FastAPI call an application, as far as parts need it."""

    state: Any


class Served(Protocol):
    """A request, or a WebSocket, that an application serves."""

    @property
    def app(self) -> Any: ...


class Part(Generic[T]):
    """The name and the type of one part: `OUTBOX = Part[Outbox]("outbox")`."""

    def __init__(self, name: str) -> None:
        self.name = name

    def of(self, holder: Application | Served) -> T:
        """The part of that application, or of the one that serves that request; AttributeError before it is there."""
        app: Any = getattr(holder, "app", holder)
        return cast("T", getattr(app.state, self.name))

    def put(self, app: Application, part: T) -> None:
        """Have the application hold it, in place of what it held before."""
        setattr(app.state, self.name, part)


SETTINGS = Part[Settings]("settings")
KEYS = Part[Keys]("keys")
SIGNING_KEY = Part[str]("signing_key")
"""What access tokens are signed with; `KEYS` says what is accepted beside it."""
