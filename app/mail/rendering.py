"""A mail as HTML and as text, made from `templates/<kind>.html`.

The styles of `inlined.css` are written into the elements, for mail clients that read no others; those of `kept.css`
(dark colours, phones) stay in the head. Sizes and prices of this: docs/decisions/0007-mails.md.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from css_inline import CSSInliner
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app.mail.plain_text import plain_text

# What stands before it (styles, the line that inboxes show beside the subject) is not seen, so it is not read either.
_SEEN_FROM_HERE = "<!-- seen from here -->"
_FOLDER = Path(__file__).parent / "templates"


def picture(url: str | None, base_url: str) -> str | None:
    """Where a mail finds the picture: web addresses as they are, paths of the shop under `base_url`; else none."""
    if url and url.startswith(("http://", "https://")):
        return url
    return f"{base_url}{url}" if url and url.startswith("/") else None


_templates = Environment(
    loader=FileSystemLoader(_FOLDER),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)
_templates.filters["picture"] = picture
_inliner = CSSInliner(
    extra_css=(_FOLDER / "inlined.css").read_text(encoding="utf-8"),
    inline_style_tags=False,
    keep_style_tags=True,
    load_remote_stylesheets=False,
)


@dataclass(frozen=True, slots=True)
class Rendered:
    """The two bodies of a mail."""

    html: str
    text: str


def render(kind: str, **context: Any) -> Rendered:
    """The mail of that kind; a template is handed everything it names, or it fails."""
    page = _templates.get_template(f"{kind}.html").render(**context)
    return Rendered(_inliner.inline(page), plain_text(page.partition(_SEEN_FROM_HERE)[2]))
