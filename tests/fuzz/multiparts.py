"""Multipart forms as no browser sends them, and files that are not what they say."""

from random import Random

from tests.fuzz import corpus
from tests.fuzz.files import damaged_file
from tests.fuzz.shots import BOUNDARY, Draft

# fmt: off
_TYPES = [
    b"image/png", b"image/jpeg", b"text/csv", b"", b"x", b"image/png; charset=x", b"\xff",
    b"application/octet-stream", b"image/svg+xml",
]
_HEADS = [
    b"", b"Content-Disposition:", b"Content-Disposition: form-data", b"Content-Disposition: form-data; name", b"x",
    b"x: y", b": x", b'Content-Disposition: form-data; name="',
    b'Content-Disposition: form-data; name="file"; filename', b"Content-Disposition: \xff",
    b'Content-Disposition: form-data; name="csrf"; filename="csrf"',
    b'Content-Disposition: attachment; name="file"; filename=""',
    b"Content-Disposition: form-data; name*=utf-8''%ff%fe; filename*=x'y'%zz",
    b"Content-Disposition: form-data; name*0=a; name*1=b",
    b'Content-Disposition: form-data; name="file"; filename="' + b"a" * 3000 + b'"',
    b'Content-Disposition: form-data; name="\\"',
    b'Content-Disposition: form-data; name="file"; filename="../../x\\y"',
    b"Content-Disposition: form-data; name=file; filename=C:\\x.png", b"Content-Type: multipart/mixed; boundary=y",
    b"Content-Transfer-Encoding: base64", b"x: y\r\n" * 60 + b"z: z", b"\0: \0", b" folded: x",
]
# fmt: on


def spoil_file(draft: Draft, rng: Random) -> bool:
    """Other bytes, another name or another type for the file."""
    name, file_name, content_type, content = rng.choice(draft.files)
    dice = rng.random()
    if dice < 0.55:
        content = damaged_file(rng) if dice < 0.45 else corpus.text(rng).encode("utf-8", "surrogatepass")
    elif dice < 0.8:
        file_name = corpus.text(rng)
    else:
        content_type = rng.choice(_TYPES)
    draft.files = [(name, file_name, content_type, content)] * rng.choice((1, 1, 1, 1, 2, 25))
    draft.notes.append("file")
    return True


def odd_form(draft: Draft, rng: Random) -> bytes:
    """The fields of the draft, some of them in parts that are odd."""
    parts = [_part(name, value, rng) for name, value in draft.fields]
    for _ in range(rng.randrange(1, 3)):
        odd = rng.choice(_HEADS) + b"\r\n\r\n" + corpus.text(rng).encode("utf-8", "surrogatepass")
        parts.insert(rng.randrange(len(parts) + 1), odd)
    seams = [b"--" + BOUNDARY + rng.choice((b"\r\n", b"\r\n", b"\r\n", b"\n", b"", b" \r\n")) for _ in parts]
    ends = rng.choice((b"--" + BOUNDARY + b"--\r\n", b"--" + BOUNDARY + b"--", b"--" + BOUNDARY, b"", b"--"))
    return b"".join(seam + part + b"\r\n" for seam, part in zip(seams, parts, strict=True)) + ends


def _part(name: str, value: str, rng: Random) -> bytes:
    quote = rng.choice((b'"', b'"', b'"', b"", b"'"))
    head = b"Content-Disposition: form-data; name=" + quote + name.encode("utf-8", "surrogatepass") + quote
    return head + b"\r\n\r\n" + value.encode("utf-8", "surrogatepass")
