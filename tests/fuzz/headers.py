"""Headers that the shop, its framework or its server read, and what may stand in them."""

import re
from random import Random

from tests.fuzz import corpus

# fmt: off
_ODD: dict[bytes, list[bytes]] = {
    b"Host": [b"[", b"a b", b"", b"]", b"[::1", b"[::1]:80", b"a:b", b"a:99999", b"a/b", b"a?b", b"a#b", b"@",
        b"evil.example", b"\xff", b"a,b", b"%5b"],
    b"Origin": [b"http://[", b"null", b"//[", b"http://127.0.0.1", b"http://[::1", b"file://", b"http://]",
        b"http://\xff", b"https://a:b@c", b"://"],
    b"Referer": [b"http://[", b"//[", b"/\\evil", b"http://x/%ff", b"http://x/\xff", b"http://[::1/",
        b"about:blank", b"http://x//evil.example"],
    b"Accept": [b"text/html", b"application/json", b"*/*;q=x", b"text/html;" * 100, b",,,",
        b"application/json" + b"," * 900, b""],
    b"Accept-Language": [b"de", b"xx-YY-ZZ-" * 90, b"en;q=abc", b"*", b"zh-Hant-TW-x-private", b"_", b"en_US.UTF-8",
        b"-", b"en;q=1e999"],
    b"Accept-Encoding": [b"gzip", b"gzip;q=0", b"br", b"identity;q=0", b"*;q=0", b"gzip," * 500,
        b"deflate, gzip;q=1.0, *;q=0.5"],
    b"If-None-Match": [b"*", b'"', b'W/"', b'""', b'"a", "b', b"W/", b",".join([b'"a"'] * 400), b'"\xff"', b"* , *"],
    b"If-Modified-Since": [b"Thu, 01 Jan 1970 00:00:00 GMT", b"Thu, 01 Jan 9999 00:00:00 GMT",
        b"Thu, 01 Jan 0000 00:00:00 GMT", b"x", b"Sun, 99 Foo", b"Fri, 31 Dec 9999 23:59:59 -9999",
        b"Thu, 01 Jan 0001 00:00:00 +9999", b"1 Jan 2026 99:99:99 GMT", b"Mon, 1 Jan 99999999999 1:1:1",
        b"Thu, 01 Jan 1970 00:00:00 +99999999999999999999", b"Thu, 1 Jan 70 0:0", b"0", b"-1",
        b"Thu, 01 Jan 1970 00:00:00 " + b"(" * 500],
    b"Range": [b"bytes=0-0", b"bytes=-1", b"bytes=" + b"0-1," * 500, b"bytes=9-1", b"bytes=99999999999999999999-",
        b"x=1", b"bytes=", b"bytes=0-,0-,0-"],
    b"If-Range": [b'"x"', b"x", b"Thu, 01 Jan 1970 00:00:00 GMT"],
    b"X-Request-ID": [b"12345678", b"a" * 64, b"a" * 65, b"../../x", b"\xff" * 10, b"{0}", b"%s%s%s%s",
        b"fuzzed: 1"],
    b"X-Forwarded-For": [b"", b",", b"x", b"::", b"[::1]", b"1.2.3.4, x, ::ffff:1.2.3.4", b"fe80::1%eth0",
        b"999.1.1.1", b"1.1.1.1:80", b"a," * 900, b"unknown"],
    b"X-Forwarded-Proto": [b"https", b"x", b"http,https", b"javascript", b"", b"wss", b"\xff", b"HTTPS"],
    b"X-Forwarded-Host": [b"evil.example", b"[", b"a b"],
    b"X-Forwarded-Port": [b"x", b"99999"],
    b"Forwarded": [b"for=x;host=[;proto=y", b"for=" * 300],
    b"Authorization": [b"Bearer", b"Bearer ", b"Basic x", b"Bearer a.b.c", b"bearer \xff", b"Bearer " + b"." * 500,
        b"Digest", b"Bearer eyJ.eyJ.", b"x" * 3000],
    b"Cookie": [b"", b"=", b";;;", b"a", b'bookstore_session="\\"\\\\', b'session="\\777"', b"=" * 900,
        b"a=b; " * 300, b"bookstore_guest=.", b"$Version=1"],
    b"Idempotency-Key": [b"", b" ", b"a" * 255, b"a" * 256, b"\xff", b"a b", b"\x01", b'"k"'],
    b"X-CSRF-Token": [b"", b"0" * 64, b"\xff" * 64, b"\xc3\xa9"],
    b"Sec-Fetch-Site": [b"cross-site", b"none", b"same-origin", b"x", b""],
    b"Access-Control-Request-Method": [b"POST", b"x", b"\xff", b""],
    b"Access-Control-Request-Headers": [b"authorization", b"," * 900, b"\xff", b"x, y, z"],
    b"Content-Encoding": [b"gzip", b"x", b"br, gzip"],
    b"Upgrade": [b"h2c", b"websocket", b"TLS/1.0"],
    b"X-HTTP-Method-Override": [b"DELETE", b"x"],
    b"User-Agent": [b"", b"<fuzz>", b"\xff" * 40, b"() { :; }; x", b"a" * 4000],
    b"Expect": [b"100-continue", b"x"],
    b"Max-Forwards": [b"-1"],
    b"Cache-Control": [b"no-cache", b"max-age=x"],
    b"Sec-Purpose": [b"prefetch"],
    b"TE": [b"trailers"],
    b"Via": [b"1.1 x"],
    b"X-Original-URL": [b"/staff"],
    b"X-Rewrite-URL": [b"/staff"],
    b"Purpose": [b"x"],
    b"DNT": [b"\xff"],
}
# fmt: on
HEADERS = list(_ODD)
_LOUD = {
    b"Host",
    b"Origin",
    b"Accept",
    b"Authorization",
    b"Cookie",
    b"X-CSRF-Token",
    b"Sec-Fetch-Site",
    b"Upgrade",
    b"Expect",
}
QUIET = [name for name in HEADERS if name not in _LOUD]
"""After these a request mostly goes its way."""


def quiet_header(rng: Random, name: bytes) -> bytes:
    """A value that the server lets through, for headers beside what is to be judged."""
    return re.sub(rb"[\x00-\x08\x0a-\x1f\x7f]", b"_", hostile_header(rng, name))


def hostile_header(rng: Random, name: bytes) -> bytes:
    """A value for that header, without what would end it."""
    if name in _ODD and rng.random() < 0.6:
        return rng.choice(_ODD[name])
    text = corpus.text(rng)
    encoded = text.encode("latin-1", "replace") if rng.random() < 0.3 else text.encode("utf-8", "surrogatepass")
    return re.sub(rb"[\r\n\0]", b" ", encoded)[:3900]
