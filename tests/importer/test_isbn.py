import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.catalog.isbn import InvalidIsbn, isbn_in_query, normalise_isbn, restore_leading_zeros
from tests.importer.support import isbn10, isbn13


@pytest.mark.parametrize("text", [None, "", "   ", "\t\n"])
def test_null_and_blank_mean_no_isbn(text):
    assert normalise_isbn(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0306406152", "9780306406157"),
        ("0-306-40615-2", "9780306406157"),
        (" 978-0-306-40615-7 ", "9780306406157"),
        ("978 0306 40615 7", "9780306406157"),
        ("978\u20110306\u20114061\u201157", "9780306406157"),
        ("080442957X", "9780804429573"),
        ("080442957x", "9780804429573"),
        ("979-10-90636-07-1", "9791090636071"),
    ],
)
def test_every_form_becomes_an_isbn_13_without_hyphens(text, expected):
    assert normalise_isbn(text) == expected
    assert isbn_in_query(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "0306406153",
        "9780306406158",
        "030640615",
        "306406152",
        "03064061520",
        "X306406152",
        "978030640615X",
        "-",
        "hobbit",
        "5012345678900",
        "٠٣٠٦٤٠٦١٥٢",
        "٩٧٨٠٣٠٦٤٠٦١٥٧",
        "０３０６４０６１５２",
        "0306406152\0",
        "9.78030640615e+12",
    ],
)
def test_everything_else_is_refused_without_repeating_it(text):
    with pytest.raises(InvalidIsbn) as refusal:
        normalise_isbn(text)
    assert text == "-" or text not in str(refusal.value)
    assert isbn_in_query(text) is None


@given(st.integers(0, 999_999_999))
def test_an_isbn_10_and_its_isbn_13_are_one_number(number):
    assert normalise_isbn(isbn10(number)) == normalise_isbn(isbn13(number)) == isbn13(number)


@given(st.integers(1_00_000, 99_999_999))
def test_lost_zeros_come_back(number):
    assert restore_leading_zeros(isbn10(number).lstrip("0")) == isbn13(number)


@pytest.mark.parametrize("text", ["439023484", "12", "0439023483", "٤٣٩٠٢٣٤٨٣", "", "4390234832"])
def test_zeros_are_not_invented_for_anything_else(text):
    assert restore_leading_zeros(text) is None


@given(st.text(max_size=20))
def test_no_text_does_anything_but_pass_or_be_refused(text):
    try:
        isbn = normalise_isbn(text)
    except InvalidIsbn:
        return
    assert isbn is None or (isbn.isascii() and isbn.isdigit() and len(isbn) == 13)
