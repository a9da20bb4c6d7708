"""Names that readers give themselves: what must not stand in them, and whom they must not pose as."""

import re
import unicodedata
from functools import lru_cache

ALWAYS_STAFF = r"admins?|administrators?|moderators?"  # as a word of a longer name as well
ALONE_STAFF = rf"{ALWAYS_STAFF}|mods?|staff|support|owners?|bookstore|customerservice|customercare|helpdesk"
BESIDE_STAFF = r"the|our|your|official|team|shop|store|customer|service|help|desk|member|of"
MIN_SHOP_NAME = 3  # letters; a shorter name of a shop is nobody's to keep

_INVISIBLE_KINDS = frozenset({"Cf", "Zl", "Zp"})  # marks of direction, of zero width and other formats; line breaks
# What Unicode calls default ignorable in other categories, and the letter that is drawn as nothing.
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0") | frozenset(
    map(chr, (*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0000, 0xE1000)))
)
_EMOJI_STYLE = "\ufe0f"

_LOOKALIKES = str.maketrans(
    {
        sign: letter
        for letter, signs in {
            "a": "4@ɑαа",
            "b": "8βв",
            "c": "сϲ",
            "d": "ԁ",
            "e": "3€εеє",
            "h": "һн",
            "i": "1!|ıιі",
            "k": "κк",
            "m": "м",
            "n": "ηνпи",
            "o": "0οσо",
            "p": "ρр",
            "r": "гя",
            "s": "5$ѕ",
            "t": "7+τт",
            "u": "υ",
            "w": "ωш",
            "y": "у",
        }.items()
        for sign in signs
    }
)
_WORDS = re.compile(r"[^\W_]+")


def no_invisible_characters(name: str) -> str:
    """Refuse what nobody sees, or what turns the text around it; the style of an emoji may follow its sign."""
    before = ""
    for sign in name:
        styled = sign == _EMOJI_STYLE and unicodedata.category(before or " ") == "So"
        if _is_invisible(sign) and not styled:
            raise ValueError("must not contain invisible characters or marks of direction")
        before = sign
    return name


def visible(name: str) -> str:
    """What is seen of a name that was kept before such characters were refused."""
    return "".join(sign for sign in name if not _is_invisible(sign)).strip()


@lru_cache(maxsize=4096)
def poses_as_staff(name: str, shop_name: str = "") -> bool:
    """Whether a name could be taken for the shop or its staff, in whatever case, script, spacing or look-alike."""
    plain = _plain(name)
    if any(re.fullmatch(ALWAYS_STAFF, _letters(word)) for word in _WORDS.findall(plain)):
        return True
    shop = _letters(_plain(shop_name))
    staff = ALONE_STAFF + (rf"|{shop}" if len(shop) >= MIN_SHOP_NAME else "")
    whole = re.compile(rf"(?:{BESIDE_STAFF})*(?:{staff})(?:{BESIDE_STAFF}|{staff})*")
    without_digits = re.sub(r"\d", "", plain)
    return any(whole.fullmatch(_letters(form)) for form in (plain, without_digits))


def _is_invisible(sign: str) -> bool:
    return sign in _INVISIBLE or unicodedata.category(sign) in _INVISIBLE_KINDS


def _plain(text: str) -> str:
    """Without case, accents, width and what is not seen."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    return "".join(sign for sign in folded if not unicodedata.combining(sign) and not _is_invisible(sign))


def _letters(text: str) -> str:
    """The Latin letters that it seems to consist of."""
    return re.sub("[^a-z]", "", text.translate(_LOOKALIKES))


def shown_name(user_id: int, display_name: str | None, *, is_staff: bool = False) -> str:
    """The name others see. One that was kept before its kind was refused is shown as if it had not been chosen."""
    name = visible(display_name or "")
    return name if name and (is_staff or not poses_as_staff(name)) else f"Reader {user_id}"
