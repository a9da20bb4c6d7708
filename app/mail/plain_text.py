"""The text part of a mail, made from its HTML part."""

import re
from html import unescape

_BLOCKS = frozenset(
    {"address", "article", "blockquote", "body", "dd", "div", "dl", "dt", "footer", "header", "html"}
    | {"h1", "h2", "h3", "h4", "h5", "h6", "li", "main", "ol", "p", "section", "table", "td", "th", "tr", "ul"}
)
_BREAKS = frozenset({"br", "hr"})
# Checkout waits for this under its locks; a parser takes five times as long. Quoted values may hold any character.
_MARKUP = re.compile(
    r"""<!--.*?-->
      | <(style|script|title|head)\b.*?</\1\s*>
      | <(?P<close>/?)(?P<tag>[a-z][^\s/>]*)(?:[^>"']|"[^"]*"|'[^']*')*>
      | <[!?][^>]*>""",
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)


def plain_text(html: str) -> str:
    """Block-level closing tags become a space, other tags vanish, white space collapses."""
    return " ".join(unescape(_MARKUP.sub(_space, html)).split())


def _space(markup: re.Match[str]) -> str:
    tag = (markup["tag"] or "").lower()
    return " " if tag in (_BLOCKS if markup["close"] else _BREAKS) else ""
