"""A cover drawn from title and author: the same book always looks the same."""

from hashlib import sha256
from random import Random

from app.web.covers.designs import DESIGNS, HEIGHT, PALETTES, WIDTH, Spot
from app.web.covers.lettering import Setting, cut_text, lines_in, set_text
from app.web.formats import xml_text

TITLE_SIZES = (30, 27, 24, 21.5, 19, 17, 15, 13.5)
AUTHOR_SIZES = (12.5, 11.5, 10.5)
BOLD = 1.1
FACE = "'Iowan Old Style','Palatino Linotype',Palatino,'Book Antiqua','URW Palladio L',Georgia,'DejaVu Serif',serif"
GAP = 9


def draw(title: str, author: str) -> str:
    """The SVG document."""
    seed = int.from_bytes(sha256(f"{title}\0{author}".encode("utf-8", "replace")).digest()[:8], "big")
    rng = Random(seed)  # noqa: S311 - for looks
    palette, make = rng.choice(PALETTES), rng.choice(DESIGNS)
    design = make(rng, palette)
    name = _fit(title, design.title.room / BOLD, design.title_height, TITLE_SIZES)
    by = _fit(author, design.author.room, AUTHOR_SIZES[0], AUTHOR_SIZES)
    below = design.title.y + name.height + GAP
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="400" height="600">'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{palette.ground}"/>{design.picture}<g font-family="{FACE}">'
        + _text(name, design.title, design.title.y, ' font-weight="600"')
        + _text(by, design.author, below if design.author_follows else design.author.y, ' letter-spacing=".3"')
        + '</g><path d="M0 0h5v300H0z" opacity=".16"/><path d="M5 0h1.5v300H5z" fill="#fff" opacity=".16"/></svg>'
    )


def _fit(text: str, room: float, height: float, sizes: tuple[float, ...]) -> Setting:
    """As large as it goes."""
    for size in sizes:
        if setting := set_text(text, room, lines_in(height, size), size):
            return setting
    return cut_text(text, room, lines_in(height, sizes[-1]), sizes[-1])


def _text(setting: Setting, place: Spot, top: float, style: str) -> str:
    base = top + setting.size * 0.8
    lines = "".join(
        f'<tspan x="{place.x}" y="{base + index * setting.leading:.1f}">{xml_text(line)}</tspan>'
        for index, line in enumerate(setting.lines)
    )
    return (
        f'<text font-size="{setting.size}" text-anchor="{place.anchor}" fill="{place.colour}"{style}>{lines}</text>'
    )
