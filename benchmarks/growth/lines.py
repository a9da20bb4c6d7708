"""What is measured in shops of each size."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from urllib.parse import quote_plus

from app.catalog.search.books import forget_searches
from benchmarks.growth.shop import GrownShop

Operation = Callable[[GrownShop, int], Awaitable[None]]
"""Does the work once; the number tells the one time from the other."""

SEARCHES: Mapping[str, Sequence[str]] = {
    "one_word": (
        "thief",
        "orchard",
        "music",
        "kitchen",
        "harbour",
        "mountain",
        "kowalski",
        "tanaka",
        "memory",
        "clock",
    ),
    "two_words": ("thief garden", "winter house", "golden bird", "secret library", "tanaka night", "sea music"),
    "prefix": ("gar", "t", "tol", "ph", "mo", "har", "win gar", "lib", "s"),
    "typo": ("philosofy", "gardn libary", "montain", "kitchn", "orchrad", "forrest", "tanakka", "languge"),
    "very_common": ("the", "and", "of", "a", "the of", "house", "volume", "introduction", "the house", "how"),
}
"""Asked again and again, as popular words are."""
_SWAPPED = re.compile(r"(\w{2})(\w)(\w)(\w{2,})")


def _words(shop: GrownShop, number: int) -> list[str]:
    """The words of a book that somebody wants, those of its author last; the longest of the title come first."""
    title, author = shop.cast.wanted[number % len(shop.cast.wanted)]
    return sorted(title.split(), key=len, reverse=True) + author.split()


def _one_word(shop: GrownShop, number: int) -> str:
    words = _words(shop, number)
    return words[number // 3 % len(words)]


def _two_words(shop: GrownShop, number: int) -> str:
    words = _words(shop, number)
    return f"{words[0]} {words[1 + number % (len(words) - 1)]}"


def _prefix(shop: GrownShop, number: int) -> str:
    return _one_word(shop, number)[: 1 + number % 4]


def _typo(shop: GrownShop, number: int) -> str:
    """Two letters of the longest word have changed places."""
    return _SWAPPED.sub(r"\1\3\2\4", _words(shop, number)[0])


def _very_common(_: GrownShop, number: int) -> str:
    return SEARCHES["very_common"][number % len(SEARCHES["very_common"])]


FIRST_SEARCHES: Mapping[str, Callable[[GrownShop, int], str]] = {
    "one_word": _one_word,
    "two_words": _two_words,
    "prefix": _prefix,
    "typo": _typo,
    "very_common": _very_common,
}
"""Asked when nothing is remembered, for words of other books each time; a prefix has one to four letters."""


def _search(kind: str) -> Operation:
    async def search(shop: GrownShop, number: int) -> None:
        await shop.get(f"/books?q={quote_plus(SEARCHES[kind][number % len(SEARCHES[kind])])}")

    return search


def _first_search(kind: str) -> Operation:
    async def search(shop: GrownShop, number: int) -> None:
        forget_searches()
        await shop.get(f"/books?q={quote_plus(FIRST_SEARCHES[kind](shop, number))}")

    return search


def _list(query: str) -> Operation:
    async def browse(shop: GrownShop, number: int) -> None:
        await shop.get(f"/books?{query}&page={1 + number % 5}")

    return browse


async def _book(shop: GrownShop, number: int) -> None:
    await shop.get(f"/books/{shop.cast.books[number % len(shop.cast.books)]}")


async def _order_history(shop: GrownShop, number: int) -> None:
    await shop.get("/orders", shop.cast.readers[number % len(shop.cast.readers)])


async def _sales_summary(shop: GrownShop, _number: int) -> None:
    await shop.get("/admin/analytics/sales/summary", shop.cast.staff)


async def _checkout(shop: GrownShop, number: int) -> None:
    """Two books into the basket, and to the till."""
    buyer, books = shop.cast.buyers[number % len(shop.cast.buyers)], shop.cast.books
    for step in (1, 2):
        book = books[(2 * number + step) % len(books)]
        await shop.post("/cart/items", buyer, {"book_id": book, "quantity": 1})
    await shop.post("/orders/checkout", buyer, {})


LINES: Mapping[str, Operation] = {
    **{f"first_search.{kind}": _first_search(kind) for kind in FIRST_SEARCHES},
    **{f"search.{kind}": _search(kind) for kind in SEARCHES},
    "list": _list("size=20"),
    "list_by_price": _list("sort=price"),
    "list_of_genre": _list("genre_id=3"),
    "book": _book,
    "order_history": _order_history,
    "staff_sales": _sales_summary,
    "checkout": _checkout,
}
