"""Drawn covers: every book has one, and nobody else writes on them."""

from xml.etree import ElementTree as ET

import pytest

from app.cli.demo import catalogue
from app.core.keys import Keys
from app.web.covers.drawing import draw
from app.web.covers.lettering import width
from app.web.covers.links import cover_path, drawn_path, read_drawn
from tests.web.browser import Browser

RING = Keys.of("k" * 40).covers
KEY = RING.signing
ODD = [
    ("", ""),
    ("<script>alert(1)</script>", 'A "quoted" & odd name'),
    ("x" * 500, "y" * 255),
    ("word " * 100, "name " * 50),
    ("吾輩は猫である" * 20, "夏目漱石"),
    ("كتاب الحيوان", "الجاحظ"),
    ("\u0301" * 30, "\u202e"),
    ("a-b-" * 60, "-"),
    ("\ufffe\uffff", "\x01\x0b"),
]
TEXT = "{http://www.w3.org/2000/svg}text"


@pytest.mark.parametrize(("title", "author"), [*ODD, *[(book["title"], book["author"]) for book in catalogue()]])
def test_a_cover_is_well_formed_and_its_letters_stay_on_it(title: str, author: str):
    drawing = ET.fromstring(draw(title, author))
    for text in drawing.iter(TEXT):
        size, anchor = float(text.attrib["font-size"]), text.attrib["text-anchor"]
        for line in text:
            x, wide = float(line.attrib["x"]), width(line.text or "") * size
            assert x + (wide / 2 if anchor == "middle" else wide) <= 200
            assert 0 < float(line.attrib["y"]) < 300


def test_the_same_book_looks_the_same_and_books_differ():
    assert draw("Dune", "Frank Herbert") == draw("Dune", "Frank Herbert")
    covers = {draw(book["title"], book["author"]).split("<g")[0] for book in catalogue()}
    assert len(covers) > 100


@pytest.mark.parametrize(("title", "author"), ODD)
def test_an_address_says_what_is_drawn(title: str, author: str):
    _, _, mark, name = drawn_path(KEY, title, author).split("/")
    assert read_drawn(RING, mark, name.removesuffix(".svg")) == (title[:160], author[:60])
    assert read_drawn(Keys.of("another key").covers, mark, name.removesuffix(".svg")) is None


class Book:
    title, author = "Dune", "Frank Herbert"

    def __init__(self, cover_image_url: str | None) -> None:
        self.cover_image_url = cover_image_url


def test_pictures_of_the_shop_are_shown_and_those_of_others_never_fetched():
    assert cover_path(KEY, Book("/uploads/1.webp")) == "/uploads/1.webp"
    assert cover_path(KEY, Book(None)).startswith("/covers/")
    assert cover_path(KEY, Book("https://elsewhere.example/1.jpg")).startswith("/covers/")


async def test_a_cover_is_served_for_good_and_cannot_run(browser: Browser):
    path = drawn_path(browser.shop.app.state.keys.covers.signing, "Dune", "Frank Herbert")
    answer = await browser.open(path)
    assert answer.headers["content-type"] == "image/svg+xml; charset=utf-8"
    assert "immutable" in answer.headers["cache-control"]
    assert "sandbox" in answer.headers["content-security-policy"]
    assert "Dune" in answer.text
    forged = path.replace("/covers/", "/covers/x")
    assert (await browser.open(forged)).status_code == 404
    assert (await browser.open("/covers/ü/ü.svg")).status_code == 404
