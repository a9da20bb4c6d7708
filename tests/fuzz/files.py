"""Files to upload: good ones, and such as are none."""

import io
from functools import cache
from random import Random

from PIL import Image

from tests.fuzz import corpus

CSV = 'title,author,price,isbn,stock\nA Book,An Author,12.90,9780060512750,3\n<fuzz>,"=1+1",x,1,-1\n'


@cache
def picture() -> bytes:
    """A small picture."""
    stream = io.BytesIO()
    Image.new("RGB", (40, 60), "teal").save(stream, "PNG")
    return stream.getvalue()


def damaged_file(rng: Random) -> bytes:
    """A picture or a table that is none, or hardly one."""
    whole = rng.choice((picture(), CSV.encode(), CSV.encode("utf-16"), b"title;author\n" + b"\xff;\x00\n" * 40))
    for _ in range(rng.randrange(1, 6)):
        whole = corpus.scrambled(rng, whole)
    return whole
