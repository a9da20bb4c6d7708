"""Forms: what was sent, read by the same models as the API, with a message beside each field that is wrong."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request
from pydantic import BaseModel, ValidationError

from app.core.errors import DomainError
from app.web.errors import Answered
from app.web.page import PageContext, render

Model = TypeVar("Model", bound=BaseModel)
_UNFIT = str.maketrans("", "", "\0" + "".join(map(chr, range(0xD800, 0xE000))))
_SENTENCES = {
    "missing": "Please fill this in.",
    "string_too_short": "Please use at least {min_length} characters.",
    "string_too_long": "Please use at most {max_length} characters.",
    "int_parsing": "Please enter a whole number.",
    "int_from_float": "Please enter a whole number.",
    "greater_than": "Please enter more than {gt}.",
    "greater_than_equal": "Please enter {ge} or more.",
    "less_than_equal": "Please enter {le} or less.",
    "decimal_max_places": "Please enter an amount like 15.90.",
    "decimal_parsing": "Please enter an amount like 15.90.",
    "date_from_datetime_parsing": "Please enter a date like 2026-11-22.",
}


@dataclass
class Form:
    """Values by field name as they were sent, and what is wrong with them. Passwords are never shown again."""

    values: dict[str, str] = field(default_factory=dict)
    lists: dict[str, list[str]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    def get(self, name: str) -> str:
        """What was sent in a field, without blanks around; empty when nothing was."""
        return self.values.get(name, "").strip()

    def shown(self, name: str) -> str:
        """What the field shows when the form is shown again."""
        return "" if "password" in name else self.values.get(name, "")

    def parse(self, model: type[Model], *, blank_is_null: Iterable[str] = ()) -> Model | None:
        """The form as that model; None when it is not one, and `errors` says why.

        Fields left blank count as absent; those of `blank_is_null` as null.
        """
        filled: dict[str, Any] = {name: value for name, value in self.values.items() if value.strip()}
        try:
            return model.model_validate(dict.fromkeys(blank_is_null) | filled)
        except ValidationError as error:
            for problem in error.errors(include_url=False):
                self.errors.setdefault(str(problem["loc"][0]) if problem["loc"] else "", _sentence(problem))
            return None

    def refuse(self, error: DomainError, name: str | None = None) -> None:
        """Put a rule's refusal beside the field it names, else above the form."""
        self.errors[name or error.field or ""] = error.detail


def _sentence(problem: Mapping[str, Any]) -> str:
    known = _SENTENCES.get(problem["type"])
    if known:
        return known.format(**problem.get("ctx", {}))
    message = str(problem["msg"]).removeprefix("Value error, ")
    return message[:1].upper() + message[1:] + "."


async def get_form(request: Request) -> Form:
    """What was sent; texts that no column can hold lose what makes them so."""
    sent = await request.form()
    texts = [(name, value.translate(_UNFIT)) for name, value in sent.multi_items() if isinstance(value, str)]
    lists: dict[str, list[str]] = {}
    for name, value in texts:
        lists.setdefault(name, []).append(value)
    return Form(dict(texts), lists)


Sent = Annotated[Form, Depends(get_form)]


def rerender_form(request: Request, page: PageContext, error: DomainError) -> Answered:
    """Rolls back. Where trying again makes sense later, the answer says when."""
    wait = error.retry_after()
    response = render(request, page, 422 if wait is None else error.status)
    if wait is not None:
        response.headers["Retry-After"] = str(wait)
    return Answered(response)
