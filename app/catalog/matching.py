"""What makes a book a hit of a search, and what makes one hit better than another."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ARRAY, REAL, Boolean, ColumnElement, Integer, and_, cast, func, literal, literal_column
from sqlalchemy.dialects.postgresql import REGCONFIG, TSQUERY

from app.catalog.models import Book

COMMON = 2000
"""More hits than that are not weighed one by one: whoever searches for `the` cannot be told which is the best."""
ALIKE = 200
"""The same where words are compared by trigrams, which takes much longer."""
_SIMPLE = cast("simple", REGCONFIG)
_WEIGHTS = cast([0.0, 0.0, 0.1, 1.0], ARRAY(REAL))  # D, C, B (author), A (title)
# As in ix_books_title_author_trgm, so that the index serves it.
_FOLDED: ColumnElement[str] = literal_column("bookstore_fold((books.title || ' ') || books.author)")

Score = ColumnElement[float | int]


@dataclass(frozen=True, slots=True)
class Match:
    """What makes a book a hit, and the scores that order the hits, the first one first, each descending.

    Where there are more hits than `weighed`, those that are `best` come before the others, and that is all. Without
    `best` all are weighed.
    """

    condition: ColumnElement[bool]
    scores: Sequence[Score] = ()
    best: ColumnElement[bool] | None = None
    weighed: int = 0


@dataclass(frozen=True, slots=True)
class Resembling:
    """A word of the catalogue that resembles one of a search."""

    asked: str
    word: str
    likeness: float


def by_words(words: list[str]) -> Match:
    """Every word is the beginning of one in title or author.

    A word in the title counts more than any number of hits in the author, and of hits alike those on whole words come
    first.
    """
    in_title = [cast(_holds(_prefix(word, "A")), Integer) for word in words]
    whole = _tsquery(" | ".join(f"'{word}'" for word in words))
    scores = [sum(in_title[1:], in_title[0]), func.ts_rank(_WEIGHTS, Book.search_vector, whole)]
    best = _holds(" & ".join(_prefix(word, "A") for word in words))
    return Match(_holds(" & ".join(_prefix(word) for word in words)), scores, best, COMMON)


def by_trigrams(words: list[str], similar: list[str]) -> Match:
    """The long words resemble a part of title and author; the short ones begin a word there, as ever."""
    resembling = [literal(word).op("<%", return_type=Boolean())(_FOLDED) for word in similar]
    return Match(and_(*resembling, *_begun(words, similar)), [_likeness(similar)])


def by_resembling_words(words: list[str], similar: list[str], found: Iterable[Resembling]) -> Match | None:
    """For each of the long words there is one of those that resemble it; None where nothing resembles one of them."""
    resembling: dict[str, list[Resembling]] = {word: [] for word in similar}
    for each in found:
        resembling[each.asked].append(each)
    if not all(resembling.values()):
        return None
    condition = [_holds_any(each.word for each in alike) for alike in resembling.values()]
    best = [_holds_any(_most_alike(alike)) for alike in resembling.values()]
    return Match(and_(*condition, *_begun(words, similar)), [_likeness(similar)], and_(*best), ALIKE)


def known_to_the_parser(words: list[str]) -> ColumnElement[bool]:
    """Whether the parser makes something of every word: it passes over letters it does not know in silence."""
    return and_(*(func.numnode(_tsquery(_prefix(word))) > 0 for word in words))


def _most_alike(found: list[Resembling]) -> Iterable[str]:
    most = max(each.likeness for each in found)
    return (each.word for each in found if each.likeness == most)


def _begun(words: list[str], similar: list[str]) -> list[ColumnElement[bool]]:
    short = [_prefix(word) for word in words if word not in similar]
    return [_holds(" & ".join(short))] if short else []


def _likeness(similar: list[str]) -> Score:
    likeness = [func.word_similarity(word, _FOLDED) for word in similar]
    return sum(likeness[1:], likeness[0])


def _holds(tsquery: str) -> ColumnElement[bool]:
    return Book.search_vector.op("@@", return_type=Boolean())(_tsquery(tsquery))


def _holds_any(words: Iterable[str]) -> ColumnElement[bool]:
    """Words of the catalogue, which need no parser."""
    query = cast(" | ".join(f"'{word}'" for word in words), TSQUERY)
    return Book.search_vector.op("@@", return_type=Boolean())(query)


def _tsquery(text: str) -> ColumnElement[str]:
    return func.to_tsquery(_SIMPLE, text)


def _prefix(word: str, weight: str = "") -> str:
    """The word as the beginning of a lexeme. Folded words have nothing but letters and digits, so quotes are safe."""
    return f"'{word}':*{weight}"
