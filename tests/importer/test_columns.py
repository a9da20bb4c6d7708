from collections.abc import Mapping, Sequence
from decimal import Decimal

import pytest

from app.catalog.importer.columns import resolve_columns
from app.catalog.importer.options import ImportFailed, ImportOptions, parse_mapping

NEEDED = ["title", "author", "price"]


def used(
    header: Sequence[str], mapping: Mapping[str, str] | None = None, *, has_default_price: bool = False
) -> dict[str, str]:
    columns = resolve_columns(header, mapping or {}, has_default_price=has_default_price)
    return {field: columns.name_of(field) for field in columns.positions}


def test_common_names_are_known_in_any_spelling():
    header = [
        "Book-Title",
        "WRITERS",
        "unit_price",
        "ISBN-10",
        "Cover URL",
        "Original_Publication Year",
        "QTY",
        "Category",
    ]
    assert used(header) == {
        "title": "Book-Title",
        "author": "WRITERS",
        "price": "unit_price",
        "isbn": "ISBN-10",
        "cover_image_url": "Cover URL",
        "publish_date": "Original_Publication Year",
        "stock": "QTY",
        "genre": "Category",
    }


def test_covers_on_other_hosts_are_only_taken_when_asked_for():
    header = [*NEEDED, "image_url", "small_image_url"]
    assert "cover_image_url" not in used(header)
    assert used(header, {"image_url": "cover_image_url"})["cover_image_url"] == "image_url"


def test_a_mapping_wins_over_a_known_name():
    assert used([*NEEDED, "original_title"], {"original_title": "title"})["title"] == "original_title"
    assert used(["Titre", "author", "price"], {"titre": "Title"})["title"] == "Titre"


def test_a_mapped_column_feeds_nothing_else():
    assert used(["title", "name", "author", "price"], {"title": "description"}) == {
        "title": "name",
        "author": "author",
        "price": "price",
        "description": "title",
    }


def test_the_isbn_takes_both_its_columns_and_the_longer_first():
    assert used([*NEEDED, "isbn", "isbn13"])["isbn"] == "isbn13, isbn"


def test_columns_not_used_are_named():
    columns = resolve_columns([*NEEDED, "binding", "", "title"], {}, has_default_price=False)
    assert columns.ignored == ("binding", "title")


@pytest.mark.parametrize(
    ("mapping", "sentence"),
    [
        ({"cost": "price"}, "no column 'cost' for --map; its columns are title, author, price"),
        ({"price": "cost"}, "no field 'cost' for --map; choose one of title, author, price, isbn"),
        ({"title": "author", "author": "author"}, "one column for the field author"),
    ],
)
def test_a_mapping_that_names_nothing_names_the_choices(mapping, sentence):
    with pytest.raises(ImportFailed, match=sentence):
        used(NEEDED, mapping)


@pytest.mark.parametrize(
    ("header", "default", "sentence"),
    [
        (
            ["a", "b"],
            False,
            (
                r"title, author, price \(.* a, b\): title needs --map COLUMN=title, author needs --map COLUMN=author, "
                "price needs --map COLUMN=price or --default-price.$"
            ),
        ),
        (["price"], False, "title needs --map COLUMN=title, author needs --map COLUMN=author\\.$"),
        (["title", "price"], False, "no column for author .*--map COLUMN=author"),
        (["title", "author"], False, "no column for price .*--map COLUMN=price or --default-price"),
        (["title"], True, "no column for author"),
    ],
)
def test_a_file_without_the_columns_every_book_needs_is_refused(header, default, sentence):
    with pytest.raises(ImportFailed, match=sentence):
        used(header, has_default_price=default)


def test_a_default_price_stands_in_for_the_column():
    assert used(["title", "author"], has_default_price=True) == {"title": "title", "author": "author"}


def test_mappings_as_typed():
    assert parse_mapping(["a=title", " b = c = price"]) == {"a": "title", "b = c": "price"}
    for item in ("title", "=title", "a="):
        with pytest.raises(ImportFailed, match="COLUMN=FIELD"):
            parse_mapping([item])


@pytest.mark.parametrize("price", ["0", "-1", "1.999", "100000000", "NaN", "Infinity"])
def test_a_default_price_the_shop_could_not_store_is_refused(price):
    with pytest.raises(ImportFailed, match="default price"):
        ImportOptions(default_price=Decimal(price))


@pytest.mark.parametrize("stock", [-1, 2**31])
def test_a_default_stock_the_shop_could_not_store_is_refused(stock):
    with pytest.raises(ImportFailed, match="default stock"):
        ImportOptions(default_stock=stock)
