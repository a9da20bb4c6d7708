"""The rules of the catalogue at their edges, on plain values."""

import pytest

from app.catalog.rules import average_rating, fits_stock, fuzzy, is_restock, too_deep


@pytest.mark.parametrize(
    ("rating_sum", "rating_count", "mean"), [(0, 0, None), (5, 1, 5.0), (13, 3, 4.3), (9, 4, 2.2), (11, 4, 2.8)]
)
def test_the_mean_has_one_decimal_and_ties_go_to_the_even_one(rating_sum: int, rating_count: int, mean: float | None):
    assert average_rating(rating_sum, rating_count) == mean


@pytest.mark.parametrize(
    ("page", "total", "deep"),
    [(100, 1_000_000, False), (101, 1_000_000, True), (101, 10_001, True), (101, 10_000, False), (2, 150, False)],
)
def test_pages_reach_to_row_10000_and_beyond_the_end_they_are_free(page: int, total: int, deep: bool):
    assert too_deep(page, 100, total) is deep


@pytest.mark.parametrize(("quantity", "fits"), [(-1, False), (0, True), (2**31 - 1, True), (2**31, False)])
def test_a_stock_is_what_the_column_holds(quantity: int, fits: bool):
    assert fits_stock(quantity) is fits


@pytest.mark.parametrize(
    ("before", "after", "told"), [(0, 1, True), (0, 2, True), (0, 0, False), (1, 2, False), (1, 0, False)]
)
def test_only_from_none_to_some_is_a_restock(before: int, after: int, told: bool):
    assert is_restock(before, after) is told


@pytest.mark.parametrize(("word", "long"), [("abc", False), ("ab1c", False), ("abcd", True), ("a1b2c3d", True)])
def test_four_letters_may_be_matched_by_trigrams(word: str, long: bool):
    assert fuzzy(word) is long
