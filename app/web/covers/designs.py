"""Designs of drawn covers: a ground for the picture, and where title and author stand on it. 200 × 300 units."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Literal

WIDTH, HEIGHT = 200, 300


@dataclass(frozen=True, slots=True)
class Palette:
    """Ground, a second and a third colour on it, and the letters."""

    ground: str
    second: str
    third: str
    letters: str


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a text stands: `x` is its left edge or its middle by `anchor`, `y` the top of its first line."""

    x: float
    y: float
    room: float
    anchor: Literal["start", "middle"]
    colour: str


@dataclass(frozen=True, slots=True)
class Design:
    """The picture, and the places of title and author; an author who follows stands right below the title."""

    picture: str
    title: Spot
    author: Spot
    title_height: float = 92
    author_follows: bool = False


PALETTES = (
    Palette("#1d4d4f", "#e9b44c", "#9b2915", "#f7f0dc"),
    Palette("#7a2e39", "#f0d8b6", "#d08c60", "#fbf1e3"),
    Palette("#e8dcc4", "#27445c", "#b6462f", "#1f2d3a"),
    Palette("#2b3a55", "#ce7777", "#e8c4c4", "#f7ece5"),
    Palette("#d9a441", "#3a2d1c", "#8c3b1f", "#2a1f12"),
    Palette("#355e3b", "#d8e2c8", "#e3a857", "#f6f3e4"),
    Palette("#f0e6d8", "#5b7b7a", "#c17c74", "#33312e"),
    Palette("#4a3f6b", "#f2c078", "#c98bb9", "#f8f1ea"),
    Palette("#b8412f", "#f6e3c5", "#2f2a2b", "#fdf4e3"),
    Palette("#cfd8d7", "#31576b", "#d96c47", "#1d333f"),
)


def _hills(rng: Random, p: Palette) -> Design:
    layers = []
    for colour, base, opacity in ((p.second, 190, 0.9), (p.third, 222, 0.85), (p.letters, 258, 0.18)):
        left, right, bend = (base + rng.randint(-22, 22) for _ in range(3))
        line = f"M0 {left}C60 {bend - 45} 120 {bend + 40} 200 {right}V300H0z"
        layers.append(f'<path d="{line}" fill="{colour}" opacity="{opacity}"/>')
    x, y, radius = rng.randint(50, 150), rng.randint(150, 172), rng.randint(17, 28)
    sun = f'<circle cx="{x}" cy="{y}" r="{radius}" fill="{p.second}"/>'
    author = Spot(18, 276, 164, "start", _on(p.third))
    return Design(sun + "".join(layers), Spot(18, 24, 164, "start", p.letters), author)


def _rings(rng: Random, p: Palette) -> Design:
    x, y = rng.choice((30, 100, 170)), rng.randint(240, 262)
    rings = "".join(
        f'<circle cx="{x}" cy="{y}" r="{radius}" fill="none" stroke="{colour}" stroke-width="7"/>'
        for radius, colour in zip(range(14, 126, 14), (p.second, p.third) * 4, strict=False)
    )
    text = Spot(18, 22, 164, "start", p.letters)
    return Design(rings, text, text, title_height=76, author_follows=True)


def _plaque(rng: Random, p: Palette) -> Design:
    step = rng.choice((18, 22, 26))
    half, high = step // 2, step - 4
    shape = rng.choice(
        (
            f'<circle cx="{half}" cy="{half}" r="{step / 5}" fill="{p.second}"/>',
            f'<path d="M0 {half}L{half} 0L{step} {half}L{half} {step}z" fill="none" stroke="{p.second}"/>',
            f'<path d="M{half} 2q{half} {half - 2} 0 {high}q-{half} -{half - 2} 0 -{high}z" fill="{p.second}"/>',
        )
    )
    pattern = f'<pattern id="p" width="{step}" height="{step}" patternUnits="userSpaceOnUse">{shape}</pattern>'
    picture = (
        f'<defs>{pattern}</defs><rect width="200" height="300" fill="url(#p)" opacity=".75"/>'
        f'<rect x="22" y="62" width="156" height="150" fill="{p.ground}"/>'
        f'<rect x="27" y="67" width="146" height="140" fill="none" stroke="{p.third}" stroke-width="1.5"/>'
    )
    return Design(picture, Spot(100, 82, 132, "middle", p.letters), Spot(100, 186, 132, "middle", p.letters))


def _spine(rng: Random, p: Palette) -> Design:
    wide = rng.randint(30, 46)
    bars = "".join(
        f'<rect x="0" y="{y}" width="{wide}" height="{rng.randint(5, 16)}" fill="{p.third}"/>'
        for y in range(20, 290, 34)
    )
    picture = f'<rect width="{wide}" height="300" fill="{p.second}"/>{bars}'
    left = wide + 16
    room = WIDTH - left - 14
    return Design(picture, Spot(left, 34, room, "start", p.letters), Spot(left, 268, room, "start", p.letters))


def _window(rng: Random, p: Palette) -> Design:
    tilt = rng.randint(-20, 20)
    picture = (
        f'<path d="M45 160a55 55 0 01110 0v104H45z" fill="{p.second}"/>'
        f'<path d="M45 {228 + tilt}C80 {200 - tilt} 120 {250 + tilt} 155 {215 - tilt}V264H45z" fill="{p.third}"/>'
        f'<circle cx="{rng.randint(75, 125)}" cy="{rng.randint(145, 170)}" r="13" fill="{p.ground}"/>'
        f'<path d="M45 160a55 55 0 01110 0v104H45z" fill="none" stroke="{p.letters}" stroke-width="3"/>'
    )
    places = (Spot(100, 20, 172, "middle", p.letters), Spot(100, 277, 172, "middle", p.letters))
    return Design(picture, *places, title_height=74)


def _rays(rng: Random, p: Palette) -> Design:
    x = rng.choice((0, 100, 200))
    spread = range(-200, 420, 62)
    rays = "".join(
        f'<path d="M{x} 300L{to} 110L{to + 31} 110z" fill="{p.second if turn % 2 else p.third}" opacity=".85"/>'
        for turn, to in enumerate(spread)
    )
    picture = f'{rays}<rect width="200" height="{rng.randint(138, 148)}" fill="{p.ground}"/>'
    text = Spot(18, 22, 164, "start", p.letters)
    return Design(picture, text, text, author_follows=True)


def _frame(rng: Random, p: Palette) -> Design:
    knot = rng.choice(
        (
            "M100 222l9 9-9 9-9-9z",
            "M100 220c9 8 9 14 0 22-9-8-9-14 0-22z",
            "M88 231h24M100 219v24M91 222l18 18M109 222l-18 18",
        )
    )
    picture = (
        f'<rect x="11" y="11" width="178" height="278" fill="none" stroke="{p.second}" stroke-width="3"/>'
        f'<rect x="17" y="17" width="166" height="266" fill="none" stroke="{p.second}" stroke-width="1"/>'
        f'<path d="{knot}" fill="{p.third}" stroke="{p.third}" stroke-width="2.5"/>'
        f'<path d="M48 231h34M118 231h34" stroke="{p.second}" stroke-width="1.5"/>'
    )
    return Design(picture, Spot(100, 52, 148, "middle", p.letters), Spot(100, 256, 148, "middle", p.letters))


def _blocks(rng: Random, p: Palette) -> Design:
    colours = [p.second, p.third, p.letters, p.ground]
    tiles = []
    for row in range(4):
        for column in range(4):
            x, y, colour = column * 50, 125 + row * 50, rng.choice(colours)
            turn = rng.choice(("M0 0h50v50z", "M0 0v50h50z", "M0 0a50 50 0 0150 50H0z", "M50 0a50 50 0 01-50 50h50z"))
            tiles.append(f'<path transform="translate({x} {y})" d="{turn}" fill="{colour}" opacity=".92"/>')
    text = Spot(18, 18, 164, "start", p.letters)
    return Design("".join(tiles), text, text, title_height=76, author_follows=True)


def _on(colour: str) -> str:
    """Letters that can be read on that colour."""
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return "#1f1a14" if 0.299 * red + 0.587 * green + 0.114 * blue > 140 else "#fbf5e9"  # noqa: PLR2004


DESIGNS: tuple[Callable[[Random, Palette], Design], ...] = (
    _hills,
    _rings,
    _plaque,
    _spine,
    _window,
    _rays,
    _frame,
    _blocks,
)
