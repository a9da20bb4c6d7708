"""Values that parsers, databases, templates and browsers have choked on."""

import re
from random import Random
from urllib.parse import quote

# What is sharpest stands first.
# fmt: off
NUMBERS = [
    "1e-20000", "0e99999", "9" * 7000 + "x", "9" * 4301, "NaN", "-1", "2147483648", "٣", "1e999999999", "Infinity",
    "0." + "9" * 7000 + "x", "9223372036854775808", "1e9999999999999999999", "4.5",
    "0", "-0", "+1", " 1 ", "1.0", ".5", "5.", "--1", "1,5", "1.5.5", "1_0", "0x10", "1e5", "1E400", "-1e-20000",
    "1e-99999", "0e-99999", "0.0e-16384", "1e131072", "1e-999999999", "-NaN", "sNaN", "nan123", "-Infinity", "inf",
    "true", "None", "null", "2147483647", "-2147483648", "-2147483649", "9223372036854775807", "9" * 40, "9" * 400,
    "-" + "9" * 5000, "0" * 4000 + "1", "1." + "0" * 4000 + "1", "²", "½", "१२", "１２", "1e" + "9" * 7000 + "x",
    " " * 7000 + "1x", "+" * 7000, "1," * 3500 + "x", "." * 7000,
]
MOMENTS = [
    "0000-00-00", "0001-01-01", "9999-12-31", "10000-01-01", "2026-02-30", "0001-01-01T00:00:00+23:59", "infinity",
    "9999-12-31T23:59:59.999999-23:59", "٢٠٢٦-٠١-٠١", "2026-11-22T" + "0" * 7000 + "x", "1e10", "-0001-01-01",
    "2026-11-22T08:45:00+99:99", "294277-01-01",
    "0000-01-01", "2026-13-01", "2026-1-1", "2026-11-22", "20261122", "2026-W01-1", "now", "2026-11-22T24:00:00Z",
    "2026-11-22T08:45:60Z", "2026-11-22T08:45:00.1234567890123456789Z", "2026-11-22 08:45", "-infinity", "epoch",
    "4714-11-24 BC", "2026-11-22T08:45:00." + "9" * 7000 + "x", "-" * 7000, "1-" * 3500,
]
UNICODE = [
    "\u202egnp.exe", "\ufeff", "\ufffe", "\uffff", "\u2028", "\u2029", "\x7f", "\x85", "\xa0", "\u200b", "\u200d",
    "\u0301", "a" + "\u0301" * 300, "ﷺ" * 50, "İ", "ı", "ß", "ẞ", "ſ", "ﬀ", "日本語", "👩‍👩‍👧‍👦" * 20, "😀" * 255,
    "\U0010ffff", "\u0130" * 200, "\ud800", "\udfff", "a\ud83d", "\udc00\ud800", "א\u05b0" * 30, "العربية",
    "ก็" * 40, "\u3000", "Ａ", "①", "\u1e9e",
]
CONTROLS = [
    "\0", "a\0b", "\x01\x02", "\x1b[31m", "\r\n", "a\r\nfuzzed: 1", "a\nfuzzed: 1", "\t", "\x0b\x0c", "\x08", "\r",
    "\x1f",
]
FORMATS = [
    "%s%s%s%n", "%x", "%(password)s", "%", "%%", "{}", "{0}", "{0.__class__.__mro__}", "{min_length}", "{", "}",
    "{{7*7}}", "${7*7}", "#{7*7}", "<%= 7*7 %>", "{% for x in range(999999999) %}", "{{ ''.__class__ }}", "$(id)",
    "`id`", "|id", ";id", "&id",
]
MARKUP = [
    "<fuzz>", '"><fuzz fuzzed=1>', "'><fuzz>", '" fuzzed="1', "' fuzzed='1", " fuzzed=1 ", "</title><fuzz>",
    "</script><fuzz>", "</textarea><fuzz>", "]]><fuzz>", "--><fuzz>", "</style><fuzz>", "<svg/onload=fuzz()>",
    "&lt;fuzz&gt;", "&#60;fuzz&#62;", "<!--", "<![CDATA[", "\\u003cfuzz\\u003e", "<fuzz\0>", "javascript:fuzz()",
    "data:text/html,<fuzz>", "＜fuzz＞", "<" * 500, "&" * 500,
]
PLACES = [
    "//[", "http://[", "http://[::1", "http://]", "//evil.example", "///evil.example", "/\\evil.example",
    "\\\\evil.example", "/", "http://evil.example/", "https:evil.example", "/%2f%2fevil.example",
    "/%5cevil.example", "//evil.example%00", "http:///", "//", "../../../etc/passwd", "..\\..\\secret_key",
    "%2e%2e%2fsecret_key", "/./.", "/..;/", "file:///etc/passwd", "http://a:b@c:99999/", "/\r\nfuzzed: 1",
    "/\u2028", "/é", "/ ", "?", "#", "/?#", "/a" * 500, "http://[v1.x]/", "http://a:port/", "//[::1%25eth0]/",
    "://", "/" * 7000, "/." * 3500, "/a" * 3500, "http://" + "[" * 7000, "http://" + "a." * 3500, "/" + "%" * 7000,
]
SQL = [
    "\\", "%_%", "a:*b", "!!&|()<->:*", "$1", "a" * 199 + "%", "({[", "the " * 50, "zzzz zzzy zzyz zyzz", "a & | b",
    "\\%" * 60, "ab cd ef gh ij kl mn op qr st uv wx yz " * 5, "qwertzuiop " * 18, "';--",
    "' OR '1'='1", '";--', "\\'", "_", "$$", "::int", "1); SELECT pg_sleep(5)--", "'||pg_sleep(5)||'", "E'\\''",
    "%" * 200, "_" * 200, "'a' <-> 'b'", "a " * 100, "*", "978-0-06-051275-0", "C++", "a" * 7000 + "\\", "%" * 7000,
]
JSON = [
    "[", "{", "[]", "{}", "null", "true", '"', '"\\ud800"', '"\\u0000"', "[" * 1500, '{"a":' * 1500, '{"a":NaN}',
    '{"a":1e999}', "-", '{"a":' + "9" * 5000 + "}", '{"a":1,"a":2}', "\ufeff{}", "[1,]", "{'a':1}", "nul", "0123",
    '{"__proto__":{}}', '"\\x"', "// a\n{}",
]
SIZES = [
    "", " ", " " * 4000, "a" * 50, "a" * 255, "a" * 256, "a" * 500, "a" * 501, "a" * 2001, "é" * 2000, "a," * 1500,
    "a" * 4090, "," * 4000,
]
_UNITS = [
    "9", "0", "a", " ", ".", ",", "-", "_", "@", "a@", "a.", "@.", '"', "'", "\\", "<", "<a ", "&", "&amp;", "%",
    "%41", "(", "[", "{", "=", ";", "/", "/.", "é", "\u0301", "İ", "a ", "1,", "1 ", "\n", "\t", "x:", "😀", "\0",
    "a\n", "=?", "1e", "0.", "9,", "(a", "|", "*", "\u200b",
]
# fmt: on
_TAILS = ["", "", "x", "!", "\0", ".", " ", "9", "@example.com", '"', "\ud800"]
# fmt: off
BYTES = [
    b"%", b"%2", b"%zz", b"%ff", b"%fe%ff", b"%c0%af", b"%c0%80", b"%ed%a0%80", b"%e0%80%80", b"%f5%80%80%80",
    b"%f0%9f", b"%00", b"%u0041", b"+", b"%2B", b"%25%30%30", b"%2525", b"%0d%0afuzzed:%201", b"\xff", b"\xc3",
    b"\xed\xa0\x80", b"\x80\x81", b";", b"&&&", b"=", b"%3d%26", b"%5b%5d", b"[]", b"%2f..%2f", b"%5c",
    b"%e2%80%ae", b"%7f", b"%09", b"a%20" * 200,
]
# fmt: on
FAMILIES = [NUMBERS, MOMENTS, UNICODE, CONTROLS, FORMATS, MARKUP, PLACES, SQL, JSON, SIZES]


_SHARP = 14
_APT = [
    (re.compile("min|max|price|quantity|page|size|limit|days|low|high|rating|delta|stock|total|_id$|^id$"), NUMBERS),
    (re.compile("from|to$|date|_at$|period"), MOMENTS),
    (re.compile("next|path|url|back|goal"), PLACES),
    (re.compile("^q$|author|title|email|name|action|subject"), SQL),
]


class Bags:
    """For each place every value once, in an order of its own, before one comes again: luck would leave many out.

    What a name asks for tells what would hurt there, and that comes first.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._bags: dict[tuple[str, str], list[str]] = {}

    def draw(self, place: str, name: str) -> str:
        """The next value for that name at that place."""
        bag = self._bags.setdefault((place, name), [])
        if not bag:
            rng = Random(f"{self._seed}:{place}:{name}")
            families = [family for names, family in _APT if names.search(name)] or FAMILIES
            sharp = [*(value for family in families for value in family[:_SHARP]), *MARKUP[:2], *CONTROLS[:2]]
            blunt = [value for family in families for value in family[_SHARP:]]
            bag += rng.sample(blunt, len(blunt)) + rng.sample(sharp, len(sharp))
        return bag.pop()


def text(rng: Random) -> str:
    """A hostile text: one of the known, two of them, a part of one, or letters that nobody chose."""
    dice = rng.random()
    chosen = rng.choice(rng.choice(FAMILIES))
    if dice < 0.62:
        return chosen
    if dice < 0.74:
        return (chosen + rng.choice(rng.choice(FAMILIES)))[:5000]
    if dice < 0.84:
        start = rng.randrange(len(chosen) + 1)
        return chosen[start : start + rng.randrange(40)]
    if dice < 0.92:
        return (rng.choice(("", "a", "1", "Dune ")) + chosen + rng.choice(("", "a", "1", " x")))[:5000]
    if dice < 0.96:
        return "".join(chr(_code_point(rng)) for _ in range(rng.randrange(1, 60)))
    return (chosen or "x") * rng.randrange(1, max(2, min(30, 4000 // max(1, len(chosen)))))


def long(rng: Random, most: int) -> str:
    """Very much of one thing, with or without something else behind it: what is read in two ways takes for ever."""
    unit = rng.choice(_UNITS)
    return unit * (rng.choice((most // 8, most // 2, most)) // len(unit)) + rng.choice(_TAILS)


def escaped(rng: Random, value: str) -> bytes:
    """The value for an address or a form, mostly as a browser writes it."""
    if rng.random() < 0.12:
        return rng.choice(BYTES)
    return quote(
        value.encode("utf-8", "surrogatepass"),
        safe=rng.choice(("", "/", "/:@!$'()*,;")) if rng.random() < 0.2 else "",
    ).encode()


def scrambled(rng: Random, value: bytes) -> bytes:
    """The same, damaged: a byte changed, cut, doubled or put in."""
    if not value:
        return bytes([rng.randrange(256)])
    place = rng.randrange(len(value))
    return rng.choice(
        (
            value[:place] + bytes([rng.randrange(256)]) + value[place + 1 :],
            value[:place],
            value[:place] + value[place + 1 :],
            value + value[-8:],
            value[:place] + bytes([rng.randrange(256)]) + value[place:],
            value.swapcase(),
            value[::-1],
        )
    )


def json_value(rng: Random, depth: int = 0) -> object:
    """Whatever JSON can hold, and some of what it cannot."""
    dice = rng.random()
    if dice < 0.5 or depth > 2:
        return text(rng)
    if dice < 0.78:
        return rng.choice(_SCALARS)
    if dice < 0.89:
        return [json_value(rng, depth + 1) for _ in range(rng.randrange(4))]
    return {text(rng)[:40]: json_value(rng, depth + 1) for _ in range(rng.randrange(4))}


# fmt: off
_SCALARS: list[object] = [
    None, True, False, 0, -1, 1, 2, 4.5, -0.0, 1e300, float("nan"), float("inf"), 2**31 - 1, 2**31, -(2**31) - 1,
    2**63, 2**64, 10**400, -(10**4200), 3.0, "", [], {}, [[]], [None], {"": None}, [1] * 300, list(range(200)),
    0.1 + 0.2, 1e-320,
]
# fmt: on


def _code_point(rng: Random) -> int:
    return rng.randrange(rng.choice((0x80, 0x300, 0xFFFF, 0x110000)))
