"""What makes a book a hit of a search, and what makes one hit better than another."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import (
    ARRAY,
    REAL,
    Boolean,
    ColumnElement,
    Integer,
    and_,
    cast,
    false,
    func,
    literal,
    literal_column,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import REGCONFIG, TSQUERY

from app.catalog.models import Book

COMMON = 2000
"""More hits than that are not weighed one by one: whoever searches for `the` cannot be told which is the best."""
ALIKE = 200
"""The same where words are compared by trigrams, which takes much longer."""
NOTHING = false()
_SIMPLE = cast("simple", REGCONFIG)
_WEIGHTS = cast([0.0, 0.0, 0.1, 1.0], ARRAY(REAL))  # D, C, B (author), A (title)
# As in ix_books_title_author_trgm, so that the index serves it.
_FOLDED: ColumnElement[str] = literal_column("bookstore_fold((books.title || ' ') || books.author)")

Score = ColumnElement[float | int]


@dataclass(frozen=True, slots=True)
class Term:
    """What satisfies a part of a search: bitmaps of frequent prefixes speak for some books, the index for the rest.

    The best are those that have a prefix of `best`, in the title if it must be `in_title`, and are not `worse`, and
    what the index says of others.
    """

    prefixes: Collection[str] = ()
    rest: ColumnElement[bool] = NOTHING
    best: Collection[str] = ()
    in_title: bool = False
    worse: ColumnElement[bool] = NOTHING
    best_of_rest: ColumnElement[bool] = NOTHING

    @property
    def index(self) -> ColumnElement[bool] | None:
        """The books that the index is asked for; None where it has nothing to say."""
        asked = [part for part in (self.rest, self.worse, self.best_of_rest) if part is not NOTHING]
        return or_(*asked) if asked else None


@dataclass(frozen=True, slots=True)
class Match:
    """What makes a book a hit, and the scores that order the hits, the first one first, each descending.

    Where there are more hits than `weighed`, those that are `best` come before the others, and that is all. Without
    `best` all are weighed. Where there are `terms` they say the same as `condition` and `best`.
    """

    condition: ColumnElement[bool]
    scores: Sequence[Score] = ()
    best: ColumnElement[bool] | None = None
    weighed: int = 0
    terms: Sequence[Term] = ()

    @property
    def prefixes(self) -> set[str]:
        """Those whose bitmaps speak."""
        return {prefix for term in self.terms for prefix in term.prefixes}

    def among(self, ids: Sequence[int]) -> "Match":
        """The same among these books alone. `IS TRUE` keeps the condition from the index, where it has many hits."""
        listed = Book.id.in_(select(func.unnest(cast(ids, ARRAY(Integer)))))
        return replace(self, condition=and_(listed, self.condition.is_(true())))


@dataclass(frozen=True, slots=True)
class Resembling:
    """A word of the catalogue that resembles one of a search, or two that were written as one.

    If it is a `frequent` prefix it has a bitmap, which speaks for it if it is `whole`: all words that begin so
    resemble the one of the search as well.
    """

    asked: str
    words: Sequence[str]
    likeness: float
    frequent: bool
    whole: bool


def by_words(words: list[str], frequent: Collection[str] = ()) -> Match:
    """Every word is the beginning of one in title or author.

    A word in the title counts more than any number of hits in the author, and of hits alike those on whole words come
    first.
    """
    in_title = [cast(_begin([word], "A"), Integer) for word in words]
    whole = _tsquery(" | ".join(f"'{word}'" for word in words))
    scores = [sum(in_title[1:], in_title[0]), func.ts_rank(_WEIGHTS, Book.search_vector, whole)]
    terms = [Term([word], best=[word], in_title=True) for word in words if word in frequent]
    if rare := _others(words, frequent):
        terms.append(Term(rest=_begin(rare), best_of_rest=_begin(rare, "A")))
    return Match(_begin(words), scores, _begin(words, "A"), COMMON, terms)


def by_trigrams(words: list[str], similar: list[str]) -> Match:
    """The long words resemble a part of title and author; the short ones begin a word there, as ever."""
    resembling = [literal(word).op("<%", return_type=Boolean())(_FOLDED) for word in similar]
    short = _others(words, similar)
    return Match(and_(*resembling, *([_begin(short)] if short else [])), [_likeness(similar)])


def by_resembling_words(
    words: list[str], similar: list[str], found: Collection[Resembling], frequent: Collection[str] = ()
) -> Match | None:
    """For each of the long words there is one of those that resemble it; None where nothing resembles one of them."""
    resembling: dict[str, list[Resembling]] = {word: [] for word in similar}
    for each in found:
        resembling[each.asked].append(each)
    if not all(resembling.values()):
        return None
    short = _others(words, similar)
    begun = [_begin(short)] if short else []
    condition = and_(*map(_any_of, resembling.values()), *begun)
    best = and_(*(_any_of(_likest(alike)) for alike in resembling.values()))
    terms = [_term(alike) for alike in resembling.values()]
    terms += [Term([word], best=[word]) for word in short if word in frequent]
    if rare := _others(short, frequent):
        terms.append(Term(rest=_begin(rare), best_of_rest=true()))
    return Match(condition, [_likeness(similar)], best, ALIKE, terms if _by_bitmaps(terms, found) else ())


def _by_bitmaps(terms: list[Term], found: Iterable[Resembling]) -> bool:
    """Not where books of a frequent word would be listed, or of several terms: the index finds what these share."""
    listed = [term for term in terms if term.index is not None]
    return len(listed) <= 1 and all(each.whole for each in found if each.frequent)


def known_to_the_parser(words: list[str]) -> ColumnElement[bool]:
    """Whether the parser makes something of every word: it passes over letters it does not know in silence."""
    return and_(*(func.numnode(_tsquery(_prefix(word))) > 0 for word in words))


def _term(alike: list[Resembling]) -> Term:
    """A book with the likest of all words is among the best, and no other."""
    whole = {each.words[0] for each in alike if each.whole}
    likest = _likest(alike)
    best = {each.words[0] for each in likest if each.whole}
    longer = [each for each in alike if _begins_with_one_of(best, each) and each not in likest]
    rest = [each for each in alike if not _begins_with_one_of(whole, each)]
    others = [each for each in likest if not _begins_with_one_of(best, each)]
    return Term(
        whole,
        _any_of(rest) if rest else NOTHING,
        best,
        worse=and_(_any_of(longer), not_(_any_of(likest))) if longer else NOTHING,
        best_of_rest=_any_of(others) if others else NOTHING,
    )


def _begins_with_one_of(prefixes: Collection[str], found: Resembling) -> bool:
    return len(found.words) == 1 and found.words[0].startswith(tuple(prefixes))


def _likest(found: list[Resembling]) -> list[Resembling]:
    most = max(each.likeness for each in found)
    return [each for each in found if each.likeness == most]


def _others(words: Iterable[str], than: Collection[str]) -> list[str]:
    return [word for word in words if word not in than]


def _likeness(similar: list[str]) -> Score:
    likeness = [func.word_similarity(word, _FOLDED) for word in similar]
    return sum(likeness[1:], likeness[0])


def _begin(words: Iterable[str], weight: str = "") -> ColumnElement[bool]:
    """Whether a book has words that begin like these, all of them."""
    return _holds(_tsquery(" & ".join(_prefix(word, weight) for word in words)))


def _any_of(found: Iterable[Resembling]) -> ColumnElement[bool]:
    """Whether a book has one of these. Words of the catalogue need no parser."""
    phrases = (" <-> ".join(f"'{word}'" for word in each.words) for each in found)
    return _holds(cast(" | ".join(f"({phrase})" for phrase in phrases), TSQUERY))


def _holds(tsquery: ColumnElement[str]) -> ColumnElement[bool]:
    return Book.search_vector.op("@@", return_type=Boolean())(tsquery)


def _tsquery(text: str) -> ColumnElement[str]:
    return func.to_tsquery(_SIMPLE, text)


def _prefix(word: str, weight: str = "") -> str:
    """The word as the beginning of a lexeme. Folded words have nothing but letters and digits, so quotes are safe."""
    return f"'{word}':*{weight}"
