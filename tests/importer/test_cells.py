from datetime import date
from decimal import Decimal

import pytest

from app.catalog.importer.cells import (
    BadCell,
    Repair,
    clean_line,
    clean_paragraphs,
    cut_names,
    cut_words,
    is_cover_address,
    read_date,
    read_isbn,
    read_price,
    read_stock,
    read_tax_category,
    read_weight,
)


@pytest.mark.parametrize(
    ("text", "price"),
    [
        ("12.99", "12.99"),
        ("12,99", "12.99"),
        ("12", "12"),
        ("12.5", "12.5"),
        (".99", "0.99"),
        ("$12.99", "12.99"),
        ("US$ 12.99", "12.99"),
        ("€ 12,99", "12.99"),
        ("12,99 €", "12.99"),
        ("12.99 EUR", "12.99"),
        ("USD12.99", "12.99"),
        ("£1,299.00", "1299.00"),
        ("1.299,00", "1299.00"),
        ("1 299,00", "1299.00"),
        ("1\u00a0299,00", "1299.00"),
        ("1'299.00", "1299.00"),
        ("1,299,000", "1299000"),
        ("99999999.99", "99999999.99"),
    ],
)
def test_prices_are_read_in_the_usual_ways_of_writing(text, price):
    assert read_price(text) == Decimal(price)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("0", "above 0"),
        ("0.00", "above 0"),
        ("-1", "above 0"),
        ("$-1.00", "above 0"),
        ("-$1.00", "above 0"),
        ("12.999", "more than two decimals"),
        ("1,299", "two ways"),
        ("100000000", "exceed"),
        ("free", "not a number"),
        ("12 99", "not a number"),
        ("1e3", "not a number"),
        ("nan", "not a number"),
        ("1.2.3", "not a number"),
        ("١٢", "not a number"),
        ("$", "not a number"),
        (",", "not a number"),
    ],
)
def test_a_price_that_is_none_is_a_reason(text, reason):
    with pytest.raises(BadCell, match=reason):
        read_price(text)


@pytest.mark.parametrize(("text", "stock"), [("0", 0), ("7", 7), (" 7.0 ", 7), ("2147483647", 2147483647)])
def test_stock_is_a_whole_number(text, stock):
    assert read_stock(text) == stock


@pytest.mark.parametrize("text", ["-1", "1.5", "many", "2147483648", "٣", "1e3"])
def test_stock_of_another_kind_is_a_reason(text):
    with pytest.raises(BadCell, match="stock must be a whole number"):
        read_stock(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2008", (date(2008, 1, 1), None)),
        ("2008.0", (date(2008, 1, 1), None)),
        ("180.0", (date(180, 1, 1), None)),
        ("-720.0", (None, Repair.YEAR_BEFORE_1)),
        ("0", (None, Repair.YEAR_BEFORE_1)),
        ("2008-05-04", (date(2008, 5, 4), None)),
        ("2008-05-04T10:00:00Z", (date(2008, 5, 4), None)),
        ("2008/5/4", (date(2008, 5, 4), None)),
        ("2008-05", (date(2008, 5, 1), None)),
        ("04.05.2008", (date(2008, 5, 4), None)),
        ("2008-02-30", (None, Repair.DATE_UNKNOWN)),
        ("05/04/2008", (None, Repair.DATE_UNKNOWN)),
        ("spring", (None, Repair.DATE_UNKNOWN)),
        ("٢٠٠٨", (None, Repair.DATE_UNKNOWN)),
    ],
)
def test_dates_and_years(text, expected):
    assert read_date(text) == expected


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ([], (None, None)),
        (["", " "], (None, None)),
        (["9780306406157", "080442957X"], ("9780306406157", None)),
        (["9.78030640616e+12", "0306406152"], ("9780306406157", None)),
        (["9780306406158", "0306406152"], ("9780306406157", None)),
        (["9.78030640616e+12", "306406152"], ("9780306406157", Repair.ISBN_ZEROS)),
        (["306406152.0"], ("9780306406157", Repair.ISBN_ZEROS)),
        (['="9780306406157"'], ("9780306406157", Repair.ISBN_WRAPPING)),
        (["9780306406157.0"], ("9780306406157", Repair.ISBN_WRAPPING)),
        (["9.78030640616e+12", ""], (None, Repair.ISBN_SCIENTIFIC)),
        (["9,78031E+12"], (None, Repair.ISBN_SCIENTIFIC)),
        (["9.78030640616e+12", "306406153"], (None, Repair.ISBN_WRONG)),
        (["unknown"], (None, Repair.ISBN_WRONG)),
    ],
)
def test_the_best_isbn_of_a_row(cells, expected):
    assert read_isbn(cells) == expected


def test_a_list_of_names_is_cut_after_a_whole_one():
    names = ", ".join(f"Person Number {number:02d}" for number in range(30))
    shorter = cut_names(names)
    assert len(shorter) <= 255
    assert names.startswith(shorter + ",")
    assert len(shorter) + len(", Person Number 00") > 255


def test_commas_belong_to_names_that_semicolons_part():
    names = "; ".join(f"Number, Person {number:02d}" for number in range(30))
    assert cut_names(names).split("; ")[-1].startswith("Number, Person")


def test_a_list_that_fits_exactly_stays():
    assert cut_names("x" * 250 + ", yz") == "x" * 250 + ", yz"
    assert cut_names("x" * 255 + ", yz") == "x" * 255
    assert cut_names("x" * 300) == "x" * 255


def test_a_title_is_cut_between_words():
    assert cut_words("one two three", 8) == "one two"
    assert cut_words("one two three", 7) == "one two"
    assert cut_words("onetwothree", 5) == "onetw"


def test_text_loses_control_characters():
    assert clean_line(" The\0 \tHobbit\x1b\r\nor  There\u00a0and ") == "The Hobbit or There and"
    assert clean_paragraphs(" One\r\ntwo\x07\0\rthree ") == "One\ntwo\nthree"
    assert clean_line("Cafe\u0301") == "Caf\u00e9"


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("https://example.org/a.jpg", True),
        ("http://example.org", True),
        ("/covers/a.png", True),
        ("//example.org/a.png", False),
        ("javascript:alert(1)", False),
        ("ftp://example.org/a", False),
        ("https://", False),
        ("https://[broken", False),
        ("https://example.org/a b", False),
        ("https://example.org/" + "a" * 2048, False),
    ],
)
def test_cover_addresses(text, valid):
    assert is_cover_address(text) is valid


@pytest.mark.parametrize(
    ("text", "grams"),
    [
        ("310", 310),
        ("310 g", 310),
        ("310.4", 310),
        ("0.31 kg", 310),
        ("1,5KG", 1500),
        ("100000", 100_000),
        ("100001", None),
        ("0", None),
        ("-5", None),
        ("heavy", None),
        ("9" * 5000, None),
        ("12 oz", None),
    ],
)
def test_weights_are_grams_unless_they_say_kilograms(text: str, grams: int | None):
    assert read_weight(text) == grams


@pytest.mark.parametrize(
    ("text", "category"), [("Book", "book"), (" EBOOK ", "ebook"), ("other", "other"), ("vat", None)]
)
def test_tax_categories_are_known_in_any_case(text: str, category: str | None):
    assert read_tax_category(text) == category
