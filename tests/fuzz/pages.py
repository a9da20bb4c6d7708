"""What stands on a page for those who look closely: forms with their fields, and addresses."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlsplit

_ADDRESSES = {"href", "src", "action", "formaction"}


@dataclass
class Form:
    """A form as it stands on the page with that address."""

    page: str
    action: str
    method: str
    is_upload: bool
    fields: list[tuple[str, str]] = field(default_factory=list)
    files: list[str] = field(default_factory=list)

    @property
    def path(self) -> str:
        return self.action.partition("?")[0]


class Reading(HTMLParser):
    """Forms and addresses of a page, and whether anything of the fuzz became part of it."""

    def __init__(self, page: str, html: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.addresses: set[str] = set()
        self.injected: list[str] = []
        self._page = page
        self._select = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag.startswith("fuzz") or any(name.startswith("fuzz") for name in given):
            self.injected.append(self.get_starttag_text() or tag)
        self.addresses |= {given[name] for name in _ADDRESSES & given.keys() if _is_ours(given[name])}
        if tag == "form":
            upload = given.get("enctype") == "multipart/form-data"
            here = given.get("action") or self._page
            self.forms.append(Form(self._page, here, given.get("method", "get").upper(), upload))
        elif self.forms:
            self._field(tag, given)

    def _field(self, tag: str, given: dict[str, str]) -> None:
        form, name = self.forms[-1], given.get("name", "")
        if tag == "select":
            self._select = name
        elif tag == "option" and self._select:
            form.fields.append((self._select, given.get("value", "")))
        elif tag == "input" and given.get("type") == "file":
            form.files.append(name)
        elif tag in {"input", "textarea", "button"} and name:
            form.fields.append((name, given.get("value", "")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""


def _is_ours(address: str) -> bool:
    return address.startswith("/") and not address.startswith("//") and not urlsplit(address[:2]).netloc
