"""What mails say and how they are made (contract, section 5)."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import app.mail
from app.mail.plain_text import plain_text
from app.mail.rendering import _templates, picture, render
from tests.mail.samples import BASE_URL, ORDER, SAMPLES, line, rendered, sums

FOLDER = Path(app.mail.__file__).parent / "templates"
KINDS = sorted(file.stem for file in FOLDER.glob("*.html") if file.stem != "parts")
COVER = "https://covers.example/1.png"


class Tags(HTMLParser):
    """The tags of a document with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def confirmation(title: str = "Emma", cover: str | None = None, **changes: object):
    lines = [line(title, "Jane Austen", 1, "12.90", "12.90", cover)]
    return render("order_confirmation", base_url=BASE_URL, **(ORDER | sums("12.90") | {"lines": lines} | changes))


def test_there_is_a_sample_of_every_kind():
    assert sorted({kind for kind, _ in SAMPLES.values()}) == KINDS


def test_the_base_renders_with_an_empty_context():
    html = _templates.get_template("base.html").render()
    assert "Bookstore" in plain_text(html)
    assert 'src="cid:bookstore-logo"' in html


@pytest.mark.parametrize("name", SAMPLES)
def test_every_mail_has_the_layout_its_styles_in_the_elements_and_the_dark_ones_in_the_head(name: str):
    html = rendered(name)["html"]
    tags = Tags(html).found
    assert ("img", "cid:bookstore-logo") in [(tag, attributes.get("src")) for tag, attributes in tags]
    assert [tag for tag, _ in tags].count("style") == 1
    assert "@media (prefers-color-scheme: dark)" in html.partition("</head>")[0]
    assert ("meta", "color-scheme") in [(tag, attributes.get("name")) for tag, attributes in tags]
    unstyled = {tag for tag, attributes in tags if "style" not in attributes}
    assert not unstyled & {"body", "h1", "p", "a", "img"}
    assert not {"script", "link"} & {tag for tag, _ in tags}


@pytest.mark.parametrize("name", SAMPLES)
def test_every_link_and_picture_is_absolute(name: str):
    found = [
        value for _, tag in Tags(rendered(name)["html"]).found for key in ("href", "src") if (value := tag.get(key))
    ]
    assert all(value.startswith((f"{BASE_URL}/", "cid:")) for value in found), found


@pytest.mark.parametrize("name", SAMPLES)
def test_the_text_holds_what_is_seen_and_nothing_else(name: str):
    mail = rendered(name)
    text = mail["text"]
    assert text.startswith("Bookstore ")
    assert text == " ".join(text.split())
    assert not re.search(r"color|padding|@media|\bmso\b", text)
    hidden = re.search(r'<div class="preheader"[^>]*>(.*?)</div>', mail["html"], re.DOTALL)
    assert hidden
    assert "display: none" in hidden[0]
    if hidden[1]:
        assert plain_text(hidden[1]) not in text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Hello <b>World</b></p>", "Hello World"),
        ("<div><h1>Title</h1><p>Body</p></div>", "Title Body"),
        ("", ""),
        ("<p>a</p><p>b</p>", "a b"),
        ("a<br>b<hr/>c", "a b c"),
        ("<td>a</td><td>b</td>", "a b"),
        ("in<span>si</span>de", "inside"),
        ("  a \n\t b&nbsp; c ", "a b c"),
        ("&lt;p&gt; &amp; 5 > 3 < 4", "<p> & 5 > 3 < 4"),
        ('<a title="a > b">x</a><a title=\'">\'>y</a>', "xy"),
        ("<style>p > a { color: red }</style><script>if (a < b) {}</script>x", "x"),
        ("<head><title>t</title></head><!doctype html><!-- <p>c</p> -->x", "x"),
        ("<DIV>a</DIV ><header>b</header>c", "a b c"),
    ],
)
def test_plain_text(html: str, text: str):
    assert plain_text(html) == text


@pytest.mark.parametrize(
    ("url", "source"),
    [
        (COVER, COVER),
        ("http://covers.example/1.png", "http://covers.example/1.png"),
        ("/uploads/1.png", f"{BASE_URL}/uploads/1.png"),
        ("//evil.example/1.png", f"{BASE_URL}//evil.example/1.png"),
        ("javascript:alert(1)", None),
        ("data:image/png;base64,x", None),
        ("uploads/1.png", None),
        ("", None),
        (None, None),
    ],
)
def test_where_a_picture_is(url: str | None, source: str | None):
    assert picture(url, BASE_URL) == source
    pictures = [tag.get("src") for name, tag in Tags(confirmation(cover=url).html).found if name == "img"]
    assert pictures == ["cid:bookstore-logo", *([source] if source else [])]


def test_lines_without_a_picture_keep_their_place_beside_those_that_have_one():
    lines = [line("A", "B", 1, "1.00", "1.00", COVER), line("C", "D", 1, "1.00", "1.00")]
    assert confirmation(lines=lines).html.count('class="cover"') == 2
    assert confirmation(lines=lines[1:]).html.count('class="cover"') == 0


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=80))
def test_whatever_a_reader_or_a_title_is_called_it_is_text(words: str):
    """Seen to fail without autoescape."""
    mail = confirmation(title=words, display_name=words, cover=f"https://covers.example/{words}")
    plain = confirmation(title="x", display_name="x", cover="https://covers.example/x")
    assert [tag for tag, _ in Tags(mail.html).found] == [tag for tag, _ in Tags(plain.html).found]
    assert " ".join(f"Hello {words},".split()) in mail.text
    assert " ".join(f"{words} by Jane Austen".split()) in mail.text
