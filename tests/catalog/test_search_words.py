"""Any title made of letters and digits is found by its words and by their beginnings (contract, section 4.4)."""

import unicodedata

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.catalog.support import ids
from tests.support import Shop


def _known_for_long(character: str) -> bool:
    """Character tables of servers differ in age; and Korean letters typed one by one join up with what follows."""
    joins = unicodedata.name(character, "").startswith(("HANGUL CHOSEONG", "HANGUL JUNGSEONG", "HANGUL JONGSEONG"))
    in_parts = "HANGUL" in unicodedata.name(character, "") and "SYLLABLE" not in unicodedata.name(character, "")
    return unicodedata.ucd_3_2_0.category(character) != "Cn" and not joins and not in_parts


LETTERS = st.characters(categories=["Lu", "Ll", "Lt", "Lo", "Nd"]).filter(_known_for_long)
NUMBERS = st.from_regex(r"[0-9]{1,3}[a-zA-Z]?[0-9]{0,3}[a-z]{0,3}", fullmatch=True)
TITLES = st.lists(st.text(LETTERS, min_size=1, max_size=12) | NUMBERS, min_size=1, max_size=4)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=TITLES, data=st.data())
async def test_a_title_is_found_by_its_words_and_their_beginnings(shop: Shop, words, data):
    book = await shop.book(title=" ".join(words), author="Nobody")
    assert book in await ids(shop, q=" ".join(words), size=100)
    word = data.draw(st.sampled_from(words))
    beginning = word[: data.draw(st.integers(min_value=1, max_value=len(word)))]
    assert book in await ids(shop, q=beginning, size=100)
    await shop.rows("DELETE FROM books")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(q=st.text(max_size=200).filter(lambda text: "\0" not in text), title=st.text(min_size=1, max_size=60))
async def test_no_words_break_a_search(shop: Shop, q, title):
    storable = title.replace("\0", " ")
    await shop.book(title=storable, author=storable)
    answer = await shop.client.get("/books", params={"q": q})
    assert answer.status_code == 200, answer.text
    await shop.rows("DELETE FROM books")


EVERY_CHARACTER = """
    WITH one AS (SELECT chr(n) AS c FROM generate_series(1, 12287) n)
    SELECT count(*) FILTER (WHERE bookstore_fold(bookstore_fold(c)) <> bookstore_fold(c)),
           count(*) FILTER (WHERE bookstore_fold(upper(c)) <> bookstore_fold(lower(c)) AND bookstore_fold(c) <> ''),
           count(*) FILTER (WHERE bookstore_fold(c) ~ '[^[:alnum:] ]')
    FROM one
"""


async def test_folding_is_done_after_once_and_knows_no_case(shop: Shop):
    assert await shop.rows(EVERY_CHARACTER) == [(0, 0, 0)]


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("  J.R.R.  Tolkien ", "j r r tolkien"),
        ("Ναί, Σοφός", "ναι σοφοσ"),
        ("x\u0302y", "xy"),
        ("が", "が"),
        ("٣.٥ ३", "3 5 3"),
    ],
)
async def test_how_texts_are_folded_whatever_the_collation(shop: Shop, text, folded):
    assert await shop.rows('SELECT bookstore_fold(:t), bookstore_fold(:t COLLATE "C")', t=text) == [(folded, folded)]
